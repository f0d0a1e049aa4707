#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace cairn {

/// Named places in the code where a test can run a callback: to stop there, to fail there, or to
/// die there. A place costs nothing in builds without CAIRN_SYNC_POINTS, where the macro is empty.
///
/// The idea is RocksDB's. Thread safety: thread-safe.
class SyncPoint {
 public:
  /// Runs `callback` in the thread that reaches `name`. Replaces an earlier callback.
  static void Set(std::string name, std::function<void()> callback);
  static void ClearAll();
  static void Reach(std::string_view name);
};

}  // namespace cairn

#if defined(CAIRN_SYNC_POINTS)
#define CAIRN_SYNC_POINT(name) ::cairn::SyncPoint::Reach(name)
#else
#define CAIRN_SYNC_POINT(name) static_cast<void>(0)
#endif
