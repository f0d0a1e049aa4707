#include "indexer/chunker.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "indexer/lines.h"
#include "indexer/split.h"
#include "indexer/tokens.h"

namespace cairn::indexer {
namespace {

constexpr size_t kMaxHeadingBytes = 200;

using Path = std::vector<std::string>;

/// A heading and what stands under it up to the next heading.
struct Section {
  uint8_t level = 0;  ///< 0: the text before the first heading
  Path path;
  std::vector<Block> blocks;
  uint32_t tokens = 0;

  bool HeadingOnly() const { return level > 0 && blocks.size() == 1; }
};

/// The open headings at a place in the document.
class HeadingStack {
 public:
  Path Open(uint8_t level, std::string_view title) {
    while (!open_.empty() && open_.back().first >= level) open_.pop_back();
    open_.emplace_back(level, std::string(CutUtf8(Trim(title), kMaxHeadingBytes)));
    Path path;
    for (const auto& [unused, name] : open_) path.push_back(name);
    return path;
  }

 private:
  std::vector<std::pair<uint8_t, std::string>> open_;
};

std::vector<Section> ToSections(std::vector<Block> blocks) {
  std::vector<Section> sections;
  HeadingStack headings;
  for (Block& block : blocks) {
    if (sections.empty() || block.heading_level > 0) sections.emplace_back();
    Section& section = sections.back();
    if (block.heading_level > 0) {
      section.level = block.heading_level;
      section.path = headings.Open(block.heading_level, block.visible.text);
    }
    section.tokens += block.tokens;
    section.blocks.push_back(std::move(block));
  }
  return sections;
}

std::string JoinPath(const Path& path) {
  std::string out;
  for (const std::string& title : path) {
    if (title.empty()) continue;
    if (!out.empty()) out += " > ";
    out += title;
  }
  return out;
}

/// Fills chunks one after the other.
class Packer {
 public:
  Packer(std::string_view body, uint64_t base, const ChunkerOptions& options)
      : lines_(body),
        base_(base),
        max_tokens_(std::max(options.max_tokens, 1u)),
        min_tokens_(std::min(options.min_tokens, max_tokens_)) {}

  void Add(Section section) {
    if (open_ && !Joins(section)) Close();
    if (!open_ || headings_only_) {
      path_ = section.path;
    } else {
      auto differ =
          std::mismatch(path_.begin(), path_.end(), section.path.begin(), section.path.end());
      path_.erase(differ.first, path_.end());
    }
    headings_only_ = section.HeadingOnly() && (!open_ || headings_only_);
    level_ = section.level;
    for (Block& block : section.blocks) AddBlock(std::move(block), section.path);
  }

  std::vector<Chunk> Finish() {
    if (open_) Close();
    return std::move(chunks_);
  }

 private:
  bool Joins(const Section& section) const {
    uint64_t together = uint64_t{tokens_} + section.tokens;
    if (headings_only_ && section.level > level_) {
      uint64_t first = section.HeadingOnly() ? section.tokens
                                             : section.blocks[0].tokens + section.blocks[1].tokens;
      return tokens_ + first <= max_tokens_;
    }
    if (together > max_tokens_) return false;
    bool tiny_before = tokens_ < min_tokens_;
    bool tiny = section.tokens < min_tokens_;
    return section.level > 2 ? tiny_before || tiny : tiny_before && tiny;
  }

  void AddBlock(Block block, const Path& path) {
    if (block.tokens > max_tokens_) {
      for (Block& piece : SplitBlock(block, max_tokens_)) AddFitting(piece, path);
    } else {
      AddFitting(block, path);
    }
  }

  void AddFitting(const Block& block, const Path& path) {
    if (open_ && uint64_t{tokens_} + block.tokens > max_tokens_) {
      Close();
      path_ = path;
    }
    if (!open_) {
      chunk_.begin = block.begin;
    } else {
      chunk_.text += block.group != 0 && block.group == group_ ? "\n" : "\n\n";
    }
    open_ = true;
    group_ = block.group;
    tokens_ += block.tokens;
    chunk_.end = block.end;
    chunk_.text += Readable(block.visible.text);
  }

  /// Blank lines in front and white space behind go; the first line keeps its indent.
  static std::string_view Readable(std::string_view text) {
    std::string_view trimmed = Trim(text);
    size_t begin = static_cast<size_t>(trimmed.data() - text.data());
    size_t line = text.substr(0, begin).rfind('\n');
    size_t from = line == std::string_view::npos ? 0 : line + 1;
    return text.substr(from, begin + trimmed.size() - from);
  }

  void Close() {
    chunk_.begin += base_;
    chunk_.end += base_;
    chunk_.line = static_cast<uint32_t>(lines_.LineOf(chunk_.begin));
    chunk_.heading_path = JoinPath(path_);
    chunks_.push_back(std::move(chunk_));
    chunk_ = {};
    open_ = headings_only_ = false;
    tokens_ = 0;
  }

  LineIndex lines_;
  uint64_t base_;
  uint32_t max_tokens_;
  uint32_t min_tokens_;
  std::vector<Chunk> chunks_;

  Chunk chunk_;  ///< being filled, if open_
  bool open_ = false;
  bool headings_only_ = false;  ///< no text but headings so far
  uint8_t level_ = 0;           ///< of the last section in it
  Path path_;
  uint32_t tokens_ = 0;
  uint32_t group_ = 0;
};

}  // namespace

std::vector<Chunk> PackBlocks(std::string_view body, uint64_t base, std::vector<Block> blocks,
                              const ChunkerOptions& options) {
  Packer packer(body, base, options);
  for (Section& section : ToSections(std::move(blocks))) packer.Add(std::move(section));
  return packer.Finish();
}

}  // namespace cairn::indexer
