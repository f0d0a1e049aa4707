#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace cairn::bench {

/// The command line is wrong; the message says how.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A number above 0 and at most 1; `name` is the option's, for the UsageError.
double ParseShare(const std::string& name, const std::string& text);

/// Reads `--name value` and `--flag` arguments. Every problem is a UsageError.
class Arguments {
 public:
  /// names: options that take a value; flags: those that do not; without the dashes.
  Arguments(const std::vector<std::string>& given, const std::set<std::string>& names,
            const std::set<std::string>& flags);

  bool Has(const std::string& name) const { return values_.count(name) != 0; }
  std::string Required(const std::string& name) const;
  std::string Get(const std::string& name, const std::string& fallback) const;
  /// The value must be one of `choices`; the first of them is the default.
  std::string Choice(const std::string& name, const std::vector<std::string>& choices) const;
  /// The value must be a number of at least 1.
  uint32_t Count(const std::string& name, uint32_t fallback) const;
  /// The value must be a number above 0 and at most 1.
  double Share(const std::string& name, double fallback) const;

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace cairn::bench
