#include "indexer/ignore.h"

#include <algorithm>
#include <utility>

#include "indexer/lines.h"

namespace cairn::indexer {
namespace {

constexpr size_t kNone = std::string_view::npos;

std::vector<std::string> SplitPath(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) parts.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return parts;
}

/// Matches one character against the element at the front of `glob` and returns that element's
/// length, or 0 for no match. Not for '*'.
size_t MatchOne(std::string_view glob, char c) {
  if (glob[0] == '?') return 1;
  if (glob[0] == '\\' && glob.size() > 1) return glob[1] == c ? 2 : 0;
  size_t close = glob[0] == '[' ? glob.find(']', 2) : kNone;
  if (close == kNone) return glob[0] == c ? 1 : 0;
  std::string_view set = glob.substr(1, close - 1);
  bool negated = set.size() > 1 && (set[0] == '!' || set[0] == '^');
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (size_t i = 0; i < set.size(); ++i) {
    bool range = i + 2 < set.size() && set[i + 1] == '-';
    char last = range ? set[i + 2] : set[i];
    found = found || (set[i] <= c && c <= last);
    if (range) i += 2;
  }
  return found != negated ? close + 1 : 0;
}

/// One name against one glob. On a mismatch the last '*' takes one character more; earlier ones
/// need not be tried again, so the time is at most the product of the lengths.
bool MatchName(std::string_view glob, std::string_view name) {
  size_t g = 0;
  size_t n = 0;
  size_t star = kNone;
  size_t star_name = 0;
  while (n < name.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_name = n;
      continue;
    }
    size_t step = g < glob.size() ? MatchOne(glob.substr(g), name[n]) : 0;
    if (step > 0) {
      g += step;
      ++n;
    } else if (star != kNone) {
      g = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

/// The same over whole parts, "**" in the place of '*'. A "**" at the end needs at least one part.
bool MatchParts(const std::vector<std::string>& globs, const std::vector<std::string>& path) {
  size_t g = 0;
  size_t p = 0;
  size_t star = kNone;
  size_t star_path = 0;
  while (p < path.size()) {
    if (g < globs.size() && globs[g] == "**") {
      if (g + 1 == globs.size()) return true;
      star = g++;
      star_path = p;
    } else if (g < globs.size() && MatchName(globs[g], path[p])) {
      ++g;
      ++p;
    } else if (star != kNone) {
      g = star + 1;
      p = ++star_path;
    } else {
      return false;
    }
  }
  return g == globs.size();
}

}  // namespace

IgnoreRules::IgnoreRules() {
  Add(".*");
  Add("node_modules/");
  Add("__pycache__/");
}

void IgnoreRules::AddLines(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  while (!text.empty()) Add(TakeLine(&text));
}

void IgnoreRules::Add(std::string_view pattern) {
  while (!pattern.empty() && (pattern.back() == ' ' || pattern.back() == '\t')) {
    if (pattern.size() > 1 && pattern[pattern.size() - 2] == '\\') break;
    pattern.remove_suffix(1);
  }
  if (pattern.empty() || pattern[0] == '#') return;
  Rule rule;
  if (pattern[0] == '!') {
    rule.negated = true;
    pattern.remove_prefix(1);
  }
  while (!pattern.empty() && pattern.back() == '/') {
    rule.folders_only = true;
    pattern.remove_suffix(1);
  }
  if (pattern.empty()) return;
  bool anchored = pattern.find('/') != kNone;
  rule.parts = SplitPath(pattern);
  if (rule.parts.empty()) return;
  if (!anchored && rule.parts[0] != "**") rule.parts.insert(rule.parts.begin(), "**");
  rules_.push_back(std::move(rule));
}

bool IgnoreRules::Ignores(std::string_view path, bool is_folder) const {
  std::vector<std::string> parts = SplitPath(path);
  if (parts.empty()) return false;
  if (parts.back() == ".git" || parts.back() == ".cairn") return true;
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folders_only && !is_folder) continue;
    if (MatchParts(rule->parts, parts)) return !rule->negated;
  }
  return false;
}

}  // namespace cairn::indexer
