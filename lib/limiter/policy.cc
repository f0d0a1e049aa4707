#include "limiter/policy.h"

#include <algorithm>
#include <set>

namespace cairn::limiter {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr int64_t kMaxWindowNs = 400LL * 24 * 3600 * kSecondNs;
constexpr uint64_t kMaxPermits = 0xFFFF'FFFF;
constexpr uint64_t kMaxSlicedLimit = 0xFFFF'FFFF;
constexpr uint64_t kMinMemoryBytes = 4096;
constexpr uint64_t kMaxMemoryBytes = uint64_t{1} << 40;
constexpr uint32_t kMaxSlices = 64;
constexpr size_t kMaxNameBytes = 64;

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return c > ' ' && c < 0x7f && c != '"' && c != '\\'; });
}

class Faults {
 public:
  template <typename... Parts>
  void Add(const Parts&... parts) {
    list_.push_back(StrCat(where_, parts...));
  }
  void At(std::string where) { where_ = std::move(where); }
  std::vector<std::string> Take() { return std::move(list_); }

 private:
  std::string where_;
  std::vector<std::string> list_;
};

void CheckRate(const Rule& rule, Faults* faults) {
  if (rule.limit == 0) faults->Add("limit is 0, must be at least 1");
  if (rule.window_ns <= 0 || rule.window_ns > kMaxWindowNs) {
    faults->Add("window is ", rule.window_ns, " ns, must be 1 ns to 400 days");
    return;
  }
  if (rule.algorithm == Algorithm::kConcurrency) return;
  if (rule.limit > static_cast<uint64_t>(rule.window_ns)) {
    faults->Add("limit ", rule.limit, " in ", rule.window_ns,
                " ns is more than one per nanosecond (10^9 per second)");
  }
}

void CheckBurst(const Rule& rule, Faults* faults) {
  if (rule.burst == 0) return;
  if (rule.algorithm != Algorithm::kGcra) {
    faults->Add("burst is set, but only gcra has one");
    return;
  }
  if (rule.limit == 0 || rule.window_ns <= 0) return;
  const double fill_ns = static_cast<double>(rule.burst) * static_cast<double>(rule.window_ns) /
                         static_cast<double>(rule.limit);
  if (fill_ns > static_cast<double>(kMaxWindowNs)) {
    faults->Add("burst ", rule.burst, " takes more than 400 days to fill");
  }
}

void CheckSlices(const Rule& rule, Faults* faults) {
  const bool sliced =
      rule.algorithm == Algorithm::kSlidingWindow || rule.algorithm == Algorithm::kConcurrency;
  if (!sliced) {
    if (rule.slices != 0) faults->Add("slices is set, but the window has none");
    return;
  }
  if (rule.slices > kMaxSlices) {
    faults->Add("slices is ", rule.slices, ", must be at most ", kMaxSlices);
  }
  const uint64_t most = rule.algorithm == Algorithm::kConcurrency ? kMaxPermits : kMaxSlicedLimit;
  if (rule.limit > most) faults->Add("limit is ", rule.limit, ", must be at most ", most);
}

void CheckRules(const Policy& policy, Faults* faults) {
  std::set<std::string_view> names;
  int concurrency_count = 0;
  for (size_t i = 0; i < policy.rules.size(); ++i) {
    const Rule& rule = policy.rules[i];
    faults->At(StrCat("policy \"", policy.name, "\", rule ", i, " \"", rule.name, "\": "));
    if (!IsName(rule.name)) {
      faults->Add("the name must be 1 to ", kMaxNameBytes,
                  " bytes of visible ASCII without quote and backslash");
    }
    if (!names.insert(rule.name).second) faults->Add("the name is used twice");
    if (static_cast<uint8_t>(rule.algorithm) > 3) faults->Add("there is no such algorithm");
    if (rule.algorithm == Algorithm::kConcurrency && ++concurrency_count == 2) {
      faults->Add("a policy has at most one concurrency rule");
    }
    CheckRate(rule, faults);
    CheckBurst(rule, faults);
    CheckSlices(rule, faults);
  }
}

}  // namespace

std::string_view AlgorithmName(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kGcra:
      return "gcra";
    case Algorithm::kFixedWindow:
      return "fixed";
    case Algorithm::kSlidingWindow:
      return "sliding";
    case Algorithm::kConcurrency:
      return "concurrency";
  }
  return "unknown";
}

std::vector<std::string> FaultsOf(const Policy& policy) {
  Faults faults;
  faults.At(StrCat("policy \"", policy.name, "\": "));
  if (!IsName(policy.name)) {
    faults.Add("the name must be 1 to ", kMaxNameBytes,
               " bytes of visible ASCII without quote and backslash");
  }
  if (policy.rules.empty() || policy.rules.size() > Policy::kMaxRules) {
    faults.Add("it has ", policy.rules.size(), " rules, must have 1 to ", Policy::kMaxRules);
  }
  if (static_cast<uint8_t>(policy.overflow) > 2) faults.Add("there is no such overflow choice");
  if (policy.memory_bytes < kMinMemoryBytes || policy.memory_bytes > kMaxMemoryBytes) {
    faults.Add("memory_bytes is ", policy.memory_bytes, ", must be ", kMinMemoryBytes, " to ",
               kMaxMemoryBytes);
  }
  CheckRules(policy, &faults);
  return faults.Take();
}

Status Validate(const Policy& policy) {
  std::string all;
  for (const std::string& fault : FaultsOf(policy)) {
    if (!all.empty()) all += "; ";
    all += fault;
  }
  return all.empty() ? OkStatus() : Error(Code::kInvalidArgument, all);
}

const Rule* PermitRule(const Policy& policy) {
  for (const Rule& rule : policy.rules) {
    if (rule.algorithm == Algorithm::kConcurrency) return &rule;
  }
  return nullptr;
}

}  // namespace cairn::limiter
