#pragma once

#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

namespace cairn::bench {

/// What hnswlib calls BaseFilterFunctor from version 0.7 on.
class RowGate {
 public:
  virtual ~RowGate() = default;
  virtual bool operator()(hnswlib::labeltype label) = 0;
};

/// hnswlib 0.6.2 with the filter that 0.7 brought: the same descent and the same loop over the base
/// layer, in which only rows that the gate lets through become results.
class GatedHnsw : public hnswlib::HierarchicalNSW<float> {
 public:
  using HierarchicalNSW::HierarchicalNSW;

  std::priority_queue<std::pair<float, hnswlib::labeltype>> SearchGated(const void* query, size_t k,
                                                                        RowGate* gate) const {
    std::priority_queue<std::pair<float, hnswlib::labeltype>> result;
    if (cur_element_count == 0) return result;
    Farthest top = SearchBase(Descend(query), query, std::max(ef_, k), gate);
    while (top.size() > k) top.pop();
    for (; !top.empty(); top.pop()) {
      result.emplace(top.top().first, getExternalLabel(top.top().second));
    }
    return result;
  }

 private:
  using Id = hnswlib::tableint;
  using Entry = std::pair<float, Id>;
  using Farthest = std::priority_queue<Entry, std::vector<Entry>, CompareByFirst>;

  float Distance(const void* query, Id id) const {
    return fstdistfunc_(query, getDataByInternalId(id), dist_func_param_);
  }

  Id Descend(const void* query) const {
    Id current = enterpoint_node_;
    float distance = Distance(query, current);
    for (int level = maxlevel_; level > 0; --level) {
      for (bool changed = true; changed;) {
        changed = false;
        hnswlib::linklistsizeint* links = get_linklist(current, level);
        const size_t size = getListCount(links);
        for (size_t i = 1; i <= size; ++i) {
          const float candidate = Distance(query, links[i]);
          if (candidate >= distance) continue;
          distance = candidate;
          current = links[i];
          changed = true;
        }
      }
    }
    return current;
  }

  Farthest SearchBase(Id entry, const void* query, size_t ef, RowGate* gate) const {
    hnswlib::VisitedList* list = visited_list_pool_->getFreeVisitedList();
    hnswlib::vl_type* visited = list->mass;
    const hnswlib::vl_type tag = list->curV;
    Farthest top;
    Farthest candidates;  // with negative distances: the nearest on top
    float bound = std::numeric_limits<float>::max();
    const float entry_distance = Distance(query, entry);
    if ((*gate)(getExternalLabel(entry))) {
      bound = entry_distance;
      top.emplace(entry_distance, entry);
      candidates.emplace(-entry_distance, entry);
    } else {
      candidates.emplace(-bound, entry);
    }
    visited[entry] = tag;
    while (!candidates.empty()) {
      const Entry nearest = candidates.top();
      if (-nearest.first > bound && top.size() == ef) break;
      candidates.pop();
      const hnswlib::linklistsizeint* links = get_linklist0(nearest.second);
      const size_t size = *reinterpret_cast<const unsigned short*>(links);
      __builtin_prefetch(visited + links[1]);
      __builtin_prefetch(getDataByInternalId(links[1]));
      for (size_t i = 1; i <= size; ++i) {
        if (i < size) {
          __builtin_prefetch(visited + links[i + 1]);
          __builtin_prefetch(getDataByInternalId(links[i + 1]));
        }
        const Id id = links[i];
        if (visited[id] == tag) continue;
        visited[id] = tag;
        const float distance = Distance(query, id);
        if (top.size() >= ef && bound <= distance) continue;
        candidates.emplace(-distance, id);
        __builtin_prefetch(get_linklist0(candidates.top().second));
        if ((*gate)(getExternalLabel(id))) top.emplace(distance, id);
        if (top.size() > ef) top.pop();
        if (!top.empty()) bound = top.top().first;
      }
    }
    visited_list_pool_->releaseVisitedList(list);
    return top;
  }
};

}  // namespace cairn::bench
