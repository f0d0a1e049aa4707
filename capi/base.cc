#include <cairn/base.h>

#include <string_view>

#include "kernels/distance.h"

// CAIRN_PROJECT_VERSION, CAIRN_BUILD_TYPE and CAIRN_BUILD_DEPENDENCIES come from the build system.
#define CAIRN_TEXT_OF_(number) #number
#define CAIRN_TEXT_OF(number) CAIRN_TEXT_OF_(number)
#define CAIRN_VERSION_TEXT           \
  CAIRN_TEXT_OF(CAIRN_VERSION_MAJOR) \
  "." CAIRN_TEXT_OF(CAIRN_VERSION_MINOR) "." CAIRN_TEXT_OF(CAIRN_VERSION_PATCH)

#if defined(__clang__)
#define CAIRN_COMPILER __VERSION__
#else
#define CAIRN_COMPILER "GCC " __VERSION__
#endif

static_assert(std::string_view(CAIRN_VERSION_TEXT) == CAIRN_PROJECT_VERSION,
              "include/cairn/base.h and CMakeLists.txt name different versions");

uint32_t cairn_abi_version(void) noexcept { return CAIRN_ABI_VERSION; }

const char* cairn_version(void) noexcept { return CAIRN_VERSION_TEXT; }

const char* cairn_build_info(void) noexcept {
  return "cairn " CAIRN_VERSION_TEXT "; " CAIRN_COMPILER "; " CAIRN_BUILD_TYPE
         "; " CAIRN_BUILD_DEPENDENCIES;
}

const char* cairn_kernel_name(void) noexcept {
  return cairn::kernels::ActiveKernel().name.data();  // a literal, so a NUL follows
}
