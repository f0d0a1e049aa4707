#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cairn {

/// Canonical status codes. The values equal the CAIRN_* codes of include/cairn/status.h and are
/// part of the ABI: append, never renumber.
enum class Code : int32_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kTimedOut = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnsupported = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kRateLimited = 17,
  kLocked = 18,
  kIoError = 19,
};

/// Stable lower-case name of a code, e.g. "not_found"; "unknown" for codes outside the enum.
std::string_view CodeName(Code code);

/// The outcome of an operation: a code, and for failures a sentence that says what failed, on what,
/// with which values (lower case, no trailing period).
///
/// Cost: one null pointer when OK. Thread safety: thread-compatible.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message);
  Status(const Status& other);
  Status& operator=(const Status& other);
  Status(Status&&) noexcept = default;
  Status& operator=(Status&&) noexcept = default;
  ~Status() = default;

  bool ok() const { return rep_ == nullptr; }
  Code code() const { return rep_ ? rep_->code : Code::kOk; }
  std::string_view message() const { return rep_ ? std::string_view(rep_->message) : ""; }

  /// Index of the offending input of a batch call, when there is one.
  std::optional<uint64_t> index() const { return rep_ ? rep_->index : std::nullopt; }
  Status WithIndex(uint64_t index) &&;

  /// The same failure with "context: " put before the message. OK stays OK.
  Status WithContext(std::string_view context) &&;

  /// Says that a failure is dropped on purpose, and why.
  void IgnoreError(std::string_view /*why*/) const {}

 private:
  struct Rep {
    Code code;
    std::string message;
    std::optional<uint64_t> index;
  };
  std::unique_ptr<Rep> rep_;
};

inline Status OkStatus() { return {}; }

namespace internal {
inline void Append(std::string* out, std::string_view part) { out->append(part); }
inline void Append(std::string* out, const char* part) { out->append(part); }
inline void Append(std::string* out, const std::string& part) { out->append(part); }
inline void Append(std::string* out, char part) { out->push_back(part); }
template <typename T>
void Append(std::string* out, T part) {
  out->append(std::to_string(part));
}
}  // namespace internal

/// Concatenates strings and numbers.
template <typename... Parts>
std::string StrCat(const Parts&... parts) {
  std::string out;
  (internal::Append(&out, parts), ...);
  return out;
}

/// Builds a failure from a code and the parts of its sentence.
template <typename... Parts>
Status Error(Code code, const Parts&... parts) {
  return Status(code, StrCat(parts...));
}

/// A value or the Status that says why there is none. Shaped like std::expected.
///
/// Thread safety: thread-compatible.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}         // NOLINT(google-explicit-constructor)
  Result(Status status) : status_(std::move(status)) {  // NOLINT(google-explicit-constructor)
    if (status_.ok()) status_ = Status(Code::kInternal, "result built from an OK status");
  }

  bool ok() const { return value_.has_value(); }
  const Status& status() const& { return status_; }
  Status status() && { return std::move(status_); }

  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return *std::move(value_); }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }
  T&& operator*() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

}  // namespace cairn

/// Returns the status of `expr` from the enclosing function unless it is OK.
#define CAIRN_RETURN_IF_ERROR(expr)                                                        \
  do {                                                                                     \
    if (::cairn::Status cairn_status_ = (expr); !cairn_status_.ok()) return cairn_status_; \
  } while (false)

#define CAIRN_CONCAT_INNER_(a, b) a##b
#define CAIRN_CONCAT_(a, b) CAIRN_CONCAT_INNER_(a, b)

/// Evaluates a Result and binds its value to `lhs`, or returns its status.
#define CAIRN_ASSIGN_OR_RETURN(lhs, expr) \
  CAIRN_ASSIGN_OR_RETURN_(CAIRN_CONCAT_(cairn_result_, __LINE__), lhs, expr)
#define CAIRN_ASSIGN_OR_RETURN_(result, lhs, expr)     \
  auto result = (expr);                                \
  if (!result.ok()) return std::move(result).status(); \
  lhs = std::move(result).value()
