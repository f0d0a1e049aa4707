#include "text/query_terms.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace cairn::text {

QueryTerms AnalyzeQuery(const analysis::Analyzer& analyzer, std::string_view query) {
  std::vector<analysis::Token> tokens;
  analyzer.Analyze(query, &tokens);
  QueryTerms result;
  std::unordered_map<std::string, uint32_t> term_indexes;
  std::map<std::vector<uint32_t>, size_t> slot_indexes;
  for (size_t i = 0; i < tokens.size();) {
    QueryTerms::Slot slot;
    for (const uint32_t position = tokens[i].position;
         i < tokens.size() && tokens[i].position == position; ++i) {
      const auto next = static_cast<uint32_t>(result.terms.size());
      const auto [at, added] = term_indexes.try_emplace(tokens[i].term, next);
      if (added) result.terms.push_back(tokens[i].term);
      slot.forms.push_back(at->second);
    }
    std::sort(slot.forms.begin(), slot.forms.end());
    slot.forms.erase(std::unique(slot.forms.begin(), slot.forms.end()), slot.forms.end());
    const auto [at, added] = slot_indexes.try_emplace(slot.forms, result.slots.size());
    if (added) {
      result.slots.push_back(std::move(slot));
    } else {
      ++result.slots[at->second].times;
    }
  }
  return result;
}

}  // namespace cairn::text
