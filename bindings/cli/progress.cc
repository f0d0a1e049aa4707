#include "progress.h"

#include <cairn/indexer.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "layout.h"
#include "output.h"
#include "terminal.h"
#include "utf8.h"

namespace cairn::cli {
namespace {

constexpr auto kRedrawInterval = std::chrono::milliseconds(100);
constexpr size_t kBarColumns = 24;
constexpr double kShortestForRate = 0.2;  // seconds until a rate means something

const char* NameOf(int32_t phase) {
  switch (phase) {
    case CAIRN_PHASE_SCAN:
      return "Scanning";
    case CAIRN_PHASE_INDEX:
      return "Indexing";
    case CAIRN_PHASE_EMBED:
      return "Embedding";
    default:
      return "Finishing";
  }
}

std::string Bar(uint64_t done, uint64_t total) {
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<size_t>(share * static_cast<double>(kBarColumns));
  std::string bar = "[";
  bar.append(filled, '#').append(kBarColumns - filled, '.');
  return bar + "]";
}

bool CanRedraw() {
  const char* term = std::getenv("TERM");
  return IsTerminal(STDERR_FILENO) && term != nullptr && std::string_view(term) != "dumb";
}

}  // namespace

std::string ProgressText(int32_t phase, uint64_t done, uint64_t total, double seconds) {
  std::string text = NameOf(phase);
  if (total > 0) {
    const uint64_t percent = std::min<uint64_t>(100, done * 100 / total);
    text += "  " + Bar(done, total) + "  " + std::to_string(done) + "/" + std::to_string(total) +
            "  " + std::to_string(percent) + "%";
  } else if (done > 0) {
    text += "  " + std::to_string(done);
  }
  if (done > 0 && seconds >= kShortestForRate) {
    text += "  " + Decimal(static_cast<double>(done) / seconds, 0) + "/s";
  }
  return text;
}

ProgressLine::ProgressLine(bool wanted) : enabled_(wanted && CanRedraw()) {}

void ProgressLine::Update(int32_t phase, uint64_t done, uint64_t total, std::string_view path) {
  if (!enabled_ || notice_) return;
  const Time now = std::chrono::steady_clock::now();
  const bool new_phase = phase != phase_;
  if (new_phase) phase_start_ = now;
  if (!new_phase && now - last_draw_ < kRedrawInterval) return;
  phase_ = phase;
  last_draw_ = now;
  const std::chrono::duration<double> seconds = now - phase_start_;
  std::string line = ProgressText(phase, done, total, seconds.count());
  if (!path.empty()) line += "  " + Printable(path);
  Draw(line);
}

void ProgressLine::Notice(std::string_view text) {
  if (!enabled_) return;
  notice_ = true;
  Draw(text);
}

void ProgressLine::Draw(std::string_view line) {
  // One column stays free: a full line would wrap on some terminals.
  PrintError("\r\x1b[K" + Fit(line, TerminalColumns(STDERR_FILENO) - 1));
  drawn_ = true;
}

void ProgressLine::Clear() {
  if (drawn_) PrintError("\r\x1b[K");
  drawn_ = false;
}

}  // namespace cairn::cli
