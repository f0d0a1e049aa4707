// The C++ class of the cache, with stores behind it, on the shared library alone.
#include <cairn/cairn.hpp>

#include <string>
#include <vector>

extern "C" {
#include "check.h"
}

namespace {

constexpr std::uint64_t kLeastBytes = 16 << 20;

cairn::CacheOptions Options() {
  cairn::CacheOptions options;
  options.max_entries = 100;
  options.tiers.disk_max_bytes = kLeastBytes;
  return options;
}

void ValuesOnDiskSurvive() {
  char* folder = make_folder();
  auto options = Options();
  options.tiers.disk_path = path_in(folder, "cache");
  options.tiers.write_behind = true;
  {
    cairn::Cache cache(options);
    cache.space().set_many({{"a", "1"}, {"b", "2"}});
    cache.flush();
  }
  const cairn::Cache cache(options);
  CHECK(cache.space().get("a").value().bytes() == "1");
  CHECK(cache.space().get("b").value().bytes() == "2");
  CHECK(!cache.space().get("c"));
  const auto tiers = cache.tier_stats();
  CHECK(tiers.size() == 1 && tiers[0].hit_count == 2 && tiers[0].max_bytes == kLeastBytes);
  CHECK(cache.tier_failure(0).empty());
  remove_folder(folder);
}

void ADatabaseKeepsThem() {
  char* folder = make_folder();
  auto options = Options();
  {
    const cairn::Database database = cairn::Database(path_in(folder, "db"));
    options.tiers.database = &database;
    cairn::Cache(options).space().set("a", "1");
    CHECK(cairn::Cache(options).space().get("a").value().bytes() == "1");
    options.name = "other";
    CHECK(!cairn::Cache(options).space().get("a"));
  }
  remove_folder(folder);
}

void RemovalsAndMetricsAreTold() {
  const cairn::Metrics metrics;
  std::vector<std::string> removed;
  auto options = Options();
  options.name = "pages";
  options.metrics = &metrics;
  options.on_removal = [&removed](const cairn::CacheRemoval& removal) {
    removed.push_back(std::string(removal.key) + std::to_string(removal.cause));
    if (removal.cause == CAIRN_CACHE_DELETED) throw 7;
  };
  const cairn::Cache cache(options);
  auto space = cache.space();
  space.set("a", "1");
  space.set("a", "2");
  CHECK(space.erase("a"));
  CHECK((removed == std::vector<std::string>{"a1", "a0"}));
  CHECK_HOLDS("cairn_cache_sets_total{cache=\"pages\",namespace=\"\"} 2", metrics.text().c_str());
}

#if defined(CAIRN_WITH_LZ4)
void LargeValuesMayBeCompressed() {
  auto options = Options();
  options.compress_from_bytes = 100;
  const std::string value(100'000, 'x');
  const cairn::Cache cache(options);
  cache.space().set("a", value);
  CHECK(cache.space().get("a").value().bytes() == value);
  CHECK(cache.stats().compressed_count == 1 && cache.stats().saved_bytes > 90'000);
}
#endif

}  // namespace

int main() {
  RUN(ValuesOnDiskSurvive);
  RUN(ADatabaseKeepsThem);
  RUN(RemovalsAndMetricsAreTold);
#if defined(CAIRN_WITH_LZ4)
  RUN(LargeValuesMayBeCompressed);
#endif
  return check_result();
}
