// SPDX-License-Identifier: Apache-2.0
#ifndef CAIRN_CPP_INDEX_REPORT_HPP_
#define CAIRN_CPP_INDEX_REPORT_HPP_

#include <cairn/indexer.h>
#include <cairn/cpp/error.hpp>
#include <cairn/cpp/handle.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

/// A file and what is to be said about it.
struct FileProblem {
  std::string_view path;
  std::string_view reason;
};

/// What a run of the indexer did. The string_views live as long as it does.
class IndexReport {
 public:
  explicit IndexReport(cairn_index_report* taken) : handle_(taken) {
    stats_.struct_size = sizeof(stats_);
    detail::ErrorSlot error;
    error.check(cairn_index_report_stats(get(), &stats_, error.out()));
  }

  /// All counts.
  const cairn_index_stats& stats() const noexcept { return stats_; }
  std::uint64_t added() const noexcept { return stats_.added_count; }
  std::uint64_t changed() const noexcept { return stats_.changed_count; }
  std::uint64_t renamed() const noexcept { return stats_.renamed_count; }
  std::uint64_t deleted() const noexcept { return stats_.deleted_count; }
  std::uint64_t unchanged() const noexcept { return stats_.unchanged_count; }
  bool cancelled() const noexcept { return stats_.cancelled != 0; }

  std::vector<FileProblem> failed() const { return problems(CAIRN_PROBLEM_FAILED); }
  std::vector<FileProblem> skipped() const { return problems(CAIRN_PROBLEM_SKIPPED); }
  std::vector<FileProblem> warnings() const { return problems(CAIRN_PROBLEM_WARNING); }

  /// As cairn_index_report_json.
  std::string json() const {
    detail::ErrorSlot error;
    cairn_buffer* json = nullptr;
    error.check(cairn_index_report_json(get(), &json, error.out()));
    return detail::to_string(json);
  }

  const cairn_index_report* get() const noexcept { return handle_.get(); }

 private:
  std::vector<FileProblem> problems(std::int32_t kind) const {
    std::vector<FileProblem> problems;
    for (std::size_t i = 0; i < cairn_index_report_problem_count(get(), kind); ++i) {
      const char* path = nullptr;
      const char* reason = nullptr;
      detail::ErrorSlot error;
      error.check(cairn_index_report_problem(get(), kind, i, &path, &reason, error.out()));
      problems.push_back({path, reason});
    }
    return problems;
  }

  detail::Owned<cairn_index_report, cairn_index_report_release> handle_;
  cairn_index_stats stats_{};
};

}  // namespace cairn

#endif  // CAIRN_CPP_INDEX_REPORT_HPP_
