#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "indexer/indexer.h"

namespace cairn::indexer {

/// A sink that keeps everything in memory and counts calls.
class MemorySink final : public Sink {
 public:
  struct Entry {
    Document document;
    SourceState state;
  };

  Result<std::optional<std::string>> RecordedRoot() override { return root; }
  Status RecordRoot(std::string_view name) override {
    calls.emplace_back("root");
    root = std::string(name);
    return OkStatus();
  }
  Status ForEachSource(
      const std::function<void(std::string_view, const SourceState&)>& visit) override {
    for (const auto& [id, entry] : entries) visit(id, entry.state);
    return OkStatus();
  }
  Status Put(Document document, const SourceState& state) override {
    calls.push_back("put " + document.id);
    auto refused = refuse.find(document.id);
    if (refused != refuse.end()) return refused->second;
    std::string id = document.id;
    entries[id] = {std::move(document), state};
    return OkStatus();
  }
  Status Touch(std::string_view id, const SourceState& state) override {
    calls.push_back("touch " + std::string(id));
    entries.at(std::string(id)).state = state;
    return OkStatus();
  }
  Status Delete(std::string_view id) override {
    calls.push_back("delete " + std::string(id));
    EXPECT_EQ(entries.erase(std::string(id)), 1u) << id;
    return OkStatus();
  }
  Status Finish(const std::function<bool()>& cancelled) override {
    calls.emplace_back("finish");
    return cancelled() ? Status(Code::kCancelled, "cancelled") : OkStatus();
  }

  std::vector<std::string> Ids() const {
    std::vector<std::string> ids;
    for (const auto& [id, entry] : entries) ids.push_back(id);
    return ids;
  }

  std::map<std::string, Entry> entries;
  std::map<std::string, Status> refuse;
  std::optional<std::string> root;
  std::vector<std::string> calls;
};

/// Everything of a document that a search could return, as one string.
inline std::string Render(const Document& d) {
  std::string out = StrCat(d.id, "|", d.title, "|", d.type, "|", d.status, "|", d.description, "|",
                           d.created_ns, "|", d.modified_ns, "|", d.metadata_json, "|", d.body);
  for (const std::string& tag : d.tags) out += "|#" + tag;
  for (const std::string& warning : d.warnings) out += "|!" + warning;
  for (const Chunk& c : d.chunks) {
    out += StrCat("|", c.begin, "-", c.end, "@", c.line, ":", c.heading_path, ":", c.text);
  }
  return out;
}

/// The words of a text: runs of ASCII letters and digits. (What is beyond ASCII may stand in the
/// source as an entity.)
inline std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (char c : text) {
    bool inside = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (inside) word += c;
    if (!inside && !word.empty()) words.push_back(std::move(word));
    if (!inside) word.clear();
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

/// The share of the chunk's words that stand in its span of the body.
inline double CoveredShare(const Document& document, const Chunk& chunk) {
  std::string_view span =
      std::string_view(document.body).substr(chunk.begin, chunk.end - chunk.begin);
  size_t covered = 0;
  std::vector<std::string> words = Words(chunk.text);
  for (const std::string& word : words) {
    if (span.find(word) != std::string_view::npos) ++covered;
  }
  return words.empty() ? 1.0 : static_cast<double>(covered) / static_cast<double>(words.size());
}

/// What holds for the chunks of any document whatever.
inline void ExpectSoundChunks(const Document& d, const std::string& name) {
  uint64_t end = 0;
  for (const Chunk& chunk : d.chunks) {
    ASSERT_LE(end, chunk.begin) << name;
    ASSERT_LE(chunk.begin, chunk.end) << name;
    ASSERT_LE(chunk.end, d.body.size()) << name;
    ASSERT_FALSE(chunk.text.empty()) << name;
    ASSERT_TRUE(IsValidUtf8(chunk.text)) << name;
    ASSERT_TRUE(IsValidUtf8(chunk.heading_path)) << name;
    end = chunk.end;
  }
}

}  // namespace cairn::indexer
