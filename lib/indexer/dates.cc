#include "indexer/dates.h"

#include <chrono>

#include "indexer/lines.h"

namespace cairn::indexer {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

/// Reads a date from left to right; a part that is not there fails the whole.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool failed() const { return failed_; }

  bool Take(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_[0]) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void Expect(std::string_view any_of) { failed_ = !Take(any_of) || failed_; }

  /// A number of `least` to `most` digits, at most `limit`.
  int64_t Number(size_t least, size_t most, int64_t limit) {
    int64_t value = 0;
    size_t digits = 0;
    while (digits < most && digits < rest_.size() && IsDigit(rest_[digits])) {
      value = value * 10 + (rest_[digits++] - '0');
    }
    failed_ = failed_ || digits < least || value > limit;
    rest_.remove_prefix(digits);
    return value;
  }

  /// The digits behind a decimal point as nanoseconds; those beyond the ninth do not count.
  int64_t Fraction() {
    int64_t value = 0;
    int64_t unit = kSecond / 10;
    failed_ = failed_ || rest_.empty() || !IsDigit(rest_[0]);
    while (!rest_.empty() && IsDigit(rest_[0])) {
      value += (rest_[0] - '0') * unit;
      unit /= 10;
      rest_.remove_prefix(1);
    }
    return value;
  }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }

  std::string_view rest_;
  bool failed_ = false;
};

/// Days since the epoch, if there is such a day.
std::optional<int64_t> ReadDay(Reader* reader) {
  namespace chrono = std::chrono;
  int64_t year = reader->Number(4, 4, 2261);
  reader->Expect("-");
  int64_t month = reader->Number(1, 2, 12);
  reader->Expect("-");
  int64_t day = reader->Number(1, 2, 31);
  chrono::year_month_day date{chrono::year(static_cast<int>(year)),
                              chrono::month(static_cast<unsigned>(month)),
                              chrono::day(static_cast<unsigned>(day))};
  if (reader->failed() || year < 1678 || !date.ok()) return std::nullopt;
  return chrono::sys_days(date).time_since_epoch().count();
}

/// Nanoseconds since midnight.
int64_t ReadTime(Reader* reader) {
  int64_t seconds = reader->Number(1, 2, 23) * 3600;
  reader->Expect(":");
  seconds += reader->Number(2, 2, 59) * 60;
  int64_t fraction = 0;
  if (reader->Take(":")) {
    seconds += reader->Number(2, 2, 60);
    if (reader->Take(".,")) fraction = reader->Fraction();
  }
  return seconds * kSecond + fraction;
}

/// The zone's distance from UTC in seconds.
int64_t ReadZone(Reader* reader) {
  if (reader->done() || reader->Take("zZ")) return 0;
  int64_t sign = reader->Take("-") ? -1 : 1;
  if (sign > 0) reader->Expect("+");
  int64_t seconds = reader->Number(2, 2, 23) * 3600;
  bool colon = reader->Take(":");
  if (colon || !reader->done()) seconds += reader->Number(2, 2, 59) * 60;
  return sign * seconds;
}

}  // namespace

std::optional<int64_t> ParseDate(std::string_view text) {
  Reader reader(Trim(text));
  std::optional<int64_t> day = ReadDay(&reader);
  if (!day) return std::nullopt;
  int64_t time = 0;
  if (!reader.done()) {
    reader.Expect("Tt ");
    while (reader.Take(" ")) continue;
    time = ReadTime(&reader);
    while (reader.Take(" ")) continue;
    time -= ReadZone(&reader) * kSecond;
  }
  if (reader.failed() || !reader.done()) return std::nullopt;
  return *day * 86'400 * kSecond + time;
}

}  // namespace cairn::indexer
