#include "cairn_bench/arguments.h"

#include <algorithm>
#include <charconv>

namespace cairn::bench {

double ParseShare(const std::string& name, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value > 0 && value <= 1)) {
    throw UsageError("--" + name + " needs a number above 0 and at most 1, not " + text);
  }
  return value;
}

Arguments::Arguments(const std::vector<std::string>& given, const std::set<std::string>& names,
                     const std::set<std::string>& flags) {
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i].rfind("--", 0) != 0) {
      throw UsageError("not an option: " + given[i]);
    }
    const std::string name = given[i].substr(2);
    if (flags.count(name) != 0) {
      values_[name] = "";
    } else if (names.count(name) == 0) {
      throw UsageError("unknown option --" + name);
    } else if (i + 1 == given.size()) {
      throw UsageError("--" + name + " needs a value");
    } else {
      values_[name] = given[++i];
    }
  }
}

std::string Arguments::Required(const std::string& name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.empty())
    throw UsageError("--" + name + " is missing");
  return found->second;
}

std::string Arguments::Get(const std::string& name, const std::string& fallback) const {
  const auto found = values_.find(name);
  return found == values_.end() ? fallback : found->second;
}

std::string Arguments::Choice(const std::string& name,
                              const std::vector<std::string>& choices) const {
  const std::string value = Get(name, choices.front());
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  std::string all;
  for (const std::string& choice : choices) all += (all.empty() ? "" : ", ") + choice;
  throw UsageError("--" + name + " is one of " + all + ", not " + value);
}

uint32_t Arguments::Count(const std::string& name, uint32_t fallback) const {
  const std::string text = Get(name, std::to_string(fallback));
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value == 0) {
    throw UsageError("--" + name + " needs a whole number of at least 1, not " + text);
  }
  return value;
}

double Arguments::Share(const std::string& name, double fallback) const {
  return Has(name) ? ParseShare(name, Get(name, "")) : fallback;
}

}  // namespace cairn::bench
