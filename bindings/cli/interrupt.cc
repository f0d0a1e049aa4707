#include "interrupt.h"

#include <signal.h>

#include <initializer_list>

namespace cairn::cli {
namespace {

volatile sig_atomic_t g_interrupted = 0;

extern "C" void OnInterrupt(int /*signal*/) { g_interrupted = 1; }

void Install(void (*handler)(int), int flags) {
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction old {};
    sigaction(number, nullptr, &old);
    if (old.sa_handler == SIG_IGN) continue;  // started with nohup or in the background
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, nullptr);
  }
}

}  // namespace

InterruptGuard::InterruptGuard() {
  g_interrupted = 0;
  Install(OnInterrupt, static_cast<int>(SA_RESETHAND) | SA_RESTART);
}

InterruptGuard::~InterruptGuard() { Install(SIG_DFL, 0); }

bool InterruptGuard::requested() { return g_interrupted != 0; }

}  // namespace cairn::cli
