#include "base/sync_point.h"

#include <atomic>
#include <map>
#include <utility>

#include "base/mutex.h"

namespace cairn {
namespace {

struct Registry {
  std::atomic<bool> active{false};
  Mutex mutex;
  std::map<std::string, std::function<void()>, std::less<>> callbacks CAIRN_GUARDED_BY(mutex);
};

Registry& GetRegistry() {
  static Registry* registry = new Registry;
  return *registry;
}

}  // namespace

void SyncPoint::Set(std::string name, std::function<void()> callback) {
  Registry& registry = GetRegistry();
  MutexLock lock(registry.mutex);
  registry.callbacks[std::move(name)] = std::move(callback);
  registry.active.store(true);
}

void SyncPoint::ClearAll() {
  Registry& registry = GetRegistry();
  MutexLock lock(registry.mutex);
  registry.callbacks.clear();
  registry.active.store(false);
}

void SyncPoint::Reach(std::string_view name) {
  Registry& registry = GetRegistry();
  if (!registry.active.load()) return;
  std::function<void()> callback;
  {
    MutexLock lock(registry.mutex);
    auto it = registry.callbacks.find(name);
    if (it == registry.callbacks.end()) return;
    callback = it->second;
  }
  callback();
}

}  // namespace cairn
