#pragma once

#include <cairn/cairn.h>

#include <memory>

namespace cairn::cli {

/// Deleter that gives a C handle back to the library.
template <auto Function>
struct Release {
  template <typename Handle>
  void operator()(Handle* handle) const noexcept {
    Function(handle);
  }
};

using Database = std::unique_ptr<cairn_database, Release<cairn_database_release>>;
using Collection = std::unique_ptr<cairn_collection, Release<cairn_collection_release>>;
using Document = std::unique_ptr<cairn_document, Release<cairn_document_release>>;
using Results = std::unique_ptr<cairn_results, Release<cairn_results_release>>;
using IndexReport = std::unique_ptr<cairn_index_report, Release<cairn_index_report_release>>;
using Buffer = std::unique_ptr<cairn_buffer, Release<cairn_buffer_release>>;
using List = std::unique_ptr<cairn_list, Release<cairn_list_release>>;

}  // namespace cairn::cli
