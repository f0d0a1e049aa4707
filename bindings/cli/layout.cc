#include "layout.h"

#include <cstdio>

#include "utf8.h"

namespace cairn::cli {
namespace {

struct Cell {
  std::string_view bytes;
  size_t columns = 1;
  bool marked = false;
  bool space = false;
};

using Cells = std::vector<Cell>;

std::vector<Cell> ToCells(std::string_view text, const std::vector<Span>& marks) {
  Cells cells;
  size_t mark = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeAt(text, at);
    while (mark < marks.size() && marks[mark].second <= at) ++mark;
    const bool marked = mark < marks.size() && marks[mark].first <= at;
    const bool space = point.value == ' ';
    // Runs of white space are one space, and none at the start.
    if (!space || (!cells.empty() && !cells.back().space)) {
      cells.push_back({text.substr(at, point.size_bytes), ColumnsOf(point.value), marked, space});
    }
    at += point.size_bytes;
  }
  while (!cells.empty() && cells.back().space) cells.pop_back();
  return cells;
}

/// End of the line that starts at `begin`: a cell to break before.
size_t LineEnd(const Cells& cells, size_t begin, size_t columns) {
  size_t used = 0;
  size_t best = begin;
  for (size_t i = begin; i < cells.size(); ++i) {
    const bool may_break =
        i > begin && (cells[i].space || (cells[i].columns == 2 && cells[i - 1].columns == 2));
    if (may_break) best = i;
    used += cells[i].columns;
    if (used > columns) return best > begin ? best : std::max(i, begin + 1);
  }
  return cells.size();
}

std::string Render(const Cells& cells, size_t begin, size_t end, const Painter& paint) {
  std::string line;
  std::string run;
  bool marked = false;
  const auto finish_run = [&] {
    line += marked ? paint(Style::kMatch, run) : run;
    run.clear();
  };
  for (size_t i = begin; i < end; ++i) {
    if (cells[i].marked != marked) finish_run();
    marked = cells[i].marked;
    run += cells[i].bytes;
  }
  finish_run();
  return line;
}

}  // namespace

std::vector<std::string> WrapMarked(std::string_view text, const std::vector<Span>& marks,
                                    size_t columns, const Painter& paint) {
  const Cells cells = ToCells(text, marks);
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < cells.size();) {
    const size_t end = columns == 0 ? cells.size() : LineEnd(cells, begin, columns);
    lines.push_back(Render(cells, begin, end, paint));
    begin = end;
    while (begin < cells.size() && cells[begin].space) ++begin;
  }
  return lines;
}

std::string Fit(std::string_view text, size_t columns) {
  if (columns == 0 || ColumnsOf(text) <= columns) return std::string(text);
  size_t used = 0;
  size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = DecodeAt(text, at);
    if (used + ColumnsOf(point.value) + 1 > columns) break;
    used += ColumnsOf(point.value);
    at += point.size_bytes;
  }
  return std::string(text.substr(0, at)) + "…";
}

std::string Counted(uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string HumanBytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.95 && unit + 1 < std::size(kUnits)) {
    value /= 1000;
    ++unit;
  }
  return Decimal(value, unit == 0 ? 0 : 1) + " " + kUnits[unit];
}

std::string Decimal(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace cairn::cli
