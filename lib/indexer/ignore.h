#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::indexer {

/// Patterns in the manner of `.gitignore`: one per line, `#` comments, `!` takes back what an
/// earlier pattern left out, a trailing `/` names folders only, a `/` at the front or inside ties
/// the pattern to the root, `*` `?` `[a-z]` stay within one name, `**` crosses folders, `\` takes
/// the next character literally. The last pattern that matches decides. What lies in a folder that
/// is left out cannot be taken back.
///
/// Thread safety: thread-compatible.
class IgnoreRules {
 public:
  /// Starts with the built-in patterns: every dot file and dot folder, `node_modules/`,
  /// `__pycache__/`. Later patterns may take these back; `.git` and `.cairn` stay out for ever.
  IgnoreRules();

  void Add(std::string_view pattern);
  /// Adds each line of an ignore file.
  void AddLines(std::string_view text);

  /// `path` is relative to the root, parts joined by '/'. Its folders are taken as not ignored.
  bool Ignores(std::string_view path, bool is_folder) const;

 private:
  struct Rule {
    std::vector<std::string> parts;  ///< glob per path part; "**" stands for any number of parts
    bool negated = false;
    bool folders_only = false;
  };
  std::vector<Rule> rules_;
};

}  // namespace cairn::indexer
