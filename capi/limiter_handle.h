#pragma once

#include <cairn/limiter.h>

#include <memory>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "capi/handles.h"
#include "limiter/limiter.h"
#include "limiter/shared_limiter.h"

struct cairn_limiter final : cairn::capi::Handle {
  static constexpr auto kKind = cairn::capi::HandleKind::kLimiter;
  explicit cairn_limiter(std::unique_ptr<cairn::limiter::Limiter> made)
      : Handle(kKind), impl(std::move(made)) {}

  cairn::limiter::Key Of(std::string_view key) const { return impl->hasher().Of(key); }

  const std::unique_ptr<cairn::limiter::Limiter> impl;
  std::unique_ptr<cairn::limiter::SharedLimiter> shared;  ///< null: nothing is shared
};

namespace cairn::capi {

inline Status CheckPolicy(const cairn_limiter* limiter, uint32_t policy) {
  CAIRN_RETURN_IF_ERROR(CheckHandle(limiter, "limiter"));
  const size_t count = limiter->impl->policy_count();
  if (policy < count) return cairn::OkStatus();
  return cairn::Error(cairn::Code::kInvalidArgument, "policy is ", policy, ", but there are ",
                      count);
}

}  // namespace cairn::capi
