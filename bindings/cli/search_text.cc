#include "search_text.h"

#include <unistd.h>

#include <algorithm>

#include "failure.h"
#include "layout.h"
#include "utf8.h"

namespace cairn::cli {
namespace {

constexpr size_t kWidestText = 100;  // columns: longer lines are hard to read

/// How to print on the output at hand.
struct View {
  Painter paint;
  size_t columns;  ///< 0: do not wrap
};

std::string IndentOf(size_t columns) { return std::string(columns, ' '); }

std::vector<Span> HighlightsOf(const cairn_results* results, size_t index) {
  std::vector<Span> spans(cairn_results_highlight_count(results, index));
  for (size_t i = 0; i < spans.size(); ++i) {
    ErrorSlot error;
    Check(
        cairn_results_highlight(results, index, i, &spans[i].first, &spans[i].second, error.out()),
        error);
  }
  return spans;
}

std::string TagsOf(const cairn_results* results, size_t index) {
  std::string tags;
  for (size_t i = 0; i < cairn_results_tag_count(results, index); ++i) {
    size_t size = 0;
    const char* tag = cairn_results_tag(results, index, i, &size);
    if (!tags.empty()) tags += ' ';
    tags += '#';
    tags += Printable(std::string_view(tag, size));
  }
  return tags;
}

size_t Left(const View& view, size_t used) {
  if (view.columns == 0) return 0;
  return view.columns > used + 10 ? view.columns - used : 10;
}

void PrintHeadline(const View& view, const std::string& rank, const cairn_result& result,
                   Output* out) {
  const std::string score = "  " + Decimal(result.score, 3);
  const std::string title = Printable(std::string_view(result.title, result.title_bytes));
  const std::string shown = Fit(title, Left(view, rank.size() + score.size()));
  out->Line(rank + view.paint(Style::kTitle, shown) + view.paint(Style::kFaint, score));
}

void PrintPlace(const View& view, const std::string& indent, const cairn_result& result,
                Output* out) {
  std::string place = result.path_bytes > 0 ? std::string(result.path, result.path_bytes)
                                            : std::string(result.id, result.id_bytes);
  if (result.path_bytes > 0 && result.chunk_line > 0) {
    place += ':';
    place += std::to_string(result.chunk_line);
  }
  out->Line(indent + view.paint(Style::kPath, Printable(place)));
}

void PrintResult(const View& view, const cairn_results* results, size_t index, uint32_t rank,
                 Output* out) {
  cairn_result result{};
  result.struct_size = sizeof result;
  ErrorSlot error;
  Check(cairn_results_get(results, index, &result, error.out()), error);
  const std::string number = std::to_string(rank) + ". ";
  const std::string indent = IndentOf(number.size());
  PrintHeadline(view, number, result, out);
  PrintPlace(view, indent, result, out);
  const std::string snippet = Printable(std::string_view(result.snippet, result.snippet_bytes));
  for (const std::string& line :
       WrapMarked(snippet, HighlightsOf(results, index), Left(view, indent.size()), view.paint)) {
    out->Line(indent + line);
  }
  const std::string tags = TagsOf(results, index);
  if (!tags.empty()) out->Line(indent + view.paint(Style::kTag, tags));
}

const char* ModeName(int32_t mode) {
  switch (mode) {
    case CAIRN_MODE_TEXT:
      return "text";
    case CAIRN_MODE_VECTOR:
      return "vector";
    case CAIRN_MODE_HYBRID:
      return "hybrid";
    default:
      return "auto";
  }
}

void PrintFooter(const View& view, const cairn_search_info& info, uint32_t first_rank,
                 Output* out) {
  const std::string how = std::string(" (") + ModeName(info.mode) + ", " +
                          Decimal(static_cast<double>(info.took_ns) * 1e-6, 1) + " ms)";
  std::string text;
  if (info.count == 0) {
    text = info.total == 0 ? "No results" : "No more results: " + std::to_string(info.total);
  } else {
    text = std::to_string(first_rank) + "-" + std::to_string(first_rank + info.count - 1) + " of " +
           Counted(info.total, "result");
  }
  text += how;
  if (info.has_more != 0) text += "; next: --offset " + std::to_string(first_rank + info.count - 1);
  out->Line(view.paint(Style::kFaint, text));
}

}  // namespace

void PrintResults(const Globals& globals, const cairn_results* results, uint32_t first_rank,
                  Output* out) {
  cairn_search_info info{};
  info.struct_size = sizeof info;
  ErrorSlot error;
  Check(cairn_results_info(results, &info, error.out()), error);
  const View view{Painter(UseColor(globals.color, STDOUT_FILENO)),
                  std::min(kWidestText, TerminalColumns(STDOUT_FILENO))};
  for (uint32_t i = 0; i < info.count; ++i) {
    PrintResult(view, results, i, first_rank + i, out);
    out->Line();
  }
  if (!globals.quiet) PrintFooter(view, info, first_rank, out);
  if (info.degraded_bytes > 0) {
    const Painter paint(UseColor(globals.color, STDERR_FILENO));
    const std::string_view reason(info.degraded, info.degraded_bytes);
    PrintError(paint(Style::kWarning, "cairn: note:") + " " + Printable(reason) + "\n");
  }
}

}  // namespace cairn::cli
