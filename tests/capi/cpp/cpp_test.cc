// The C++ classes, compiled as C++17 and as C++20, on the shared library alone.
#include <cairn/cairn.hpp>

#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

extern "C" {
#include "check.h"
}

namespace {

struct Folder {
  Folder() : path(make_folder()) {}
  ~Folder() { remove_folder(path); }
  std::string operator/(const char* name) const { return path_in(path, name); }
  char* path;
};

template <typename Call>
cairn_status CodeOf(Call call) {
  try {
    call();
  } catch (const cairn::Error& e) {
    CHECK(e.what()[0] != '\0');
    CHECK_TEXT(cairn_status_name(e.code()), e.code_name());
    return e.code();
  }
  return CAIRN_OK;
}

cairn::CollectionOptions WithoutEmbedder(std::uint32_t dim = 0) {
  cairn::CollectionOptions options;
  options.embedder = cairn::Embedder::kNone;
  options.dim = dim;
  return options;
}

cairn::NewDocument Note(const char* id, const char* body) {
  cairn::NewDocument document;
  document.id = id;
  document.body = body;
  return document;
}

void Versions() {
  CHECK(cairn::version() == "0.1.0");
  CHECK(!cairn::build_info().empty());
  CHECK(!cairn::kernel_name().empty());
}

void ErrorsAreThrown() {
  Folder folder;
  cairn::DatabaseOptions options;
  options.must_exist = true;
  CHECK(CodeOf([&] { cairn::Database(folder / "db", options); }) == CAIRN_NOT_FOUND);
  cairn::Database db(folder / "db");
  CHECK(CodeOf([&] { cairn::Database(folder / "db"); }) == CAIRN_LOCKED);
  CHECK(CodeOf([&] { db.open_collection("none"); }) == CAIRN_NOT_FOUND);
  cairn::Collection notes = db.collection("notes", WithoutEmbedder());
  try {
    notes.upsert(std::vector<cairn::NewDocument>{Note("a", "x"), Note("", "x")});
    CHECK(false);
  } catch (const cairn::Error& e) {
    CHECK(e.code() == CAIRN_INVALID_ARGUMENT);
    CHECK(e.index() == std::uint64_t{1});
  }
  CHECK(notes.count() == 1);
}

void DatabasesAreValues() {
  Folder folder;
  cairn::DatabaseOptions options;
  options.log = [](cairn::LogLevel, std::string_view, std::string_view) {
    throw std::runtime_error("dropped");
  };
  options.search_cache_bytes = 1 << 20;
  options.embedding_cache_none = true;
  cairn::Database db(folder / "db", options);
  CHECK(db.stats().search_cache_limit_bytes == 1 << 20);
  CHECK(db.stats().embedding_cache_limit_bytes == 0);
  cairn::Collection notes = db.collection("notes", WithoutEmbedder());
  cairn::Collection same = db.collection("notes", WithoutEmbedder());
  cairn::Database copy = db;
  CHECK(copy.get() == db.get());
  cairn::Database moved = std::move(copy);
  same.upsert(Note("a", "white lantern"));
  CHECK(notes.count() == 1);
  CHECK(moved.collection_names() == std::vector<std::string>{"notes"});
  CHECK(moved.stats().document_count == 1);
  CHECK(moved.metrics().find("# TYPE") != std::string::npos);
  CHECK(moved.wait_idle());
  moved.sync();
  moved.refresh();
  moved.drop_collection("notes");
  CHECK(CodeOf([&] { notes.count(); }) == CAIRN_NOT_FOUND);
  CHECK(CodeOf([&] { notes.find("a"); }) == CAIRN_NOT_FOUND);
  CHECK(CodeOf([&] { notes.remove("a"); }) == CAIRN_NOT_FOUND);
  moved.close();
  CHECK(CodeOf([&] { db.sync(); }) == CAIRN_FAILED_PRECONDITION);
}

void DocumentsComeBack() {
  Folder folder;
  cairn::Collection notes = cairn::Database(folder / "db").collection("notes", WithoutEmbedder(2));
  cairn::NewDocument document = Note("a", "# Head\n\nwhite lantern\n");
  const std::array<float, 2> vector{0.5f, 1};
  document.format = cairn::Format::kMarkdown;
  document.title = "Title";
  document.tags = {"sea", "night"};
  document.metadata_json = "{\"rating\":4}";
  document.created_ns = 5;
  document.vectors = vector;
  notes.upsert(document);
  cairn::Document got = notes.get("a");
  CHECK(got.id() == "a" && got.title() == "Title" && got.path().empty());
  CHECK(got.body() == document.body && got.created_ns() == 5 && got.modified_ns() == 0);
  CHECK(got.tags() == (std::vector<std::string_view>{"sea", "night"}));
  CHECK(got.metadata_json().find("rating") != std::string_view::npos);
  CHECK(got.chunks().size() == 1 && got.chunks()[0].heading == "Head");
  CHECK(got.vectors() == (std::vector<float>{0.5f, 1}) && got.dim() == 2);
  CHECK(got.json().find("\"id\":\"a\"") == 1);
  CHECK(notes.ids() == std::vector<std::string>{"a"});
  CHECK(notes.ids("a").empty());
  CHECK(notes.find("a").has_value() && !notes.find("b").has_value());
  CHECK(CodeOf([&] { notes.get("b"); }) == CAIRN_NOT_FOUND);
  CHECK(notes.remove("a") && !notes.remove("a"));
  CHECK(notes.stats().dim == 2);
  CHECK(CodeOf([&] { notes.train(); }) == CAIRN_FAILED_PRECONDITION);
}

void SearchesRange() {
  Folder folder;
  cairn::Collection notes = cairn::Database(folder / "db").collection("notes", WithoutEmbedder());
  cairn::NewDocument tagged = Note("b", "one lantern, and many other words around it");
  tagged.tags = {"sea"};
  notes.upsert({Note("a", "lantern lantern"), tagged});
  std::string order;
  for (const cairn::Result& hit : notes.search("lantern")) order += hit.id;
  CHECK(order == "ab");
  cairn::SearchOptions options;
  options.filter_json = "{\"tags\":\"sea\"}";
  options.limit = 1;
  cairn::Results results = notes.search("lantern", options);
  cairn::Results moved = std::move(results);
  CHECK(moved.size() == 1 && moved.total() == 1 && !moved.has_more() && !moved.empty());
  CHECK(moved.mode() == cairn::Mode::kText && moved.degraded().empty() && moved.took_ns() > 0);
  CHECK(moved[0].id == "b" && moved[0].tags == std::vector<std::string_view>{"sea"});
  CHECK(moved[0].highlights.size() == 1 &&
        moved[0].snippet.substr(moved[0].highlights[0].begin, 7) == "lantern");
  CHECK(moved.json().find("{\"query\":\"lantern\"") == 0);
  CHECK(CodeOf([&] { notes.search(""); }) == CAIRN_INVALID_ARGUMENT);
}

void NeighboursAreNamed() {
  Folder folder;
  cairn::Collection notes = cairn::Database(folder / "db").collection("notes", WithoutEmbedder(2));
  const std::vector<float> east{1, 0};
  const std::vector<float> north{0, 1};
  cairn::NewDocument document = Note("east", "");
  document.vectors = east;
  notes.upsert(document);
  document.id = "north";
  document.vectors = north;
  notes.upsert(document);
  const std::vector<float> queries{0.1f, 1, 1, 0.1f};
  auto lists = notes.nearest(queries, 2, 5);
  CHECK(lists.size() == 2 && lists[0].size() == 2);
  CHECK(notes.id_of(lists[0][0].key) == "north" && notes.id_of(lists[1][0].key) == "east");
  CHECK(CodeOf([&] { notes.nearest(queries, 3, 5); }) == CAIRN_INVALID_ARGUMENT);
  cairn::SearchOptions options;
  options.vector = north;
  CHECK(notes.search("", options)[0].id == "north");
}

void EmbedExceptionsComeOut() {
  Folder folder;
  bool fail = false;
  cairn::CollectionOptions options;
  options.dim = 2;
  options.embedder_name = "sizes";
  options.embed = [&fail](const std::vector<std::string_view>& texts, cairn::Purpose,
                          float* vectors_out) {
    if (fail) throw std::out_of_range("model is gone");
    for (std::string_view text : texts) {
      *vectors_out++ = 1;
      *vectors_out++ = static_cast<float>(text.size());
    }
  };
  cairn::Collection notes = cairn::Database(folder / "db").collection("notes", options);
  notes.upsert(Note("a", "white lantern"));
  CHECK(notes.search("lantern").mode() == cairn::Mode::kHybrid);
  fail = true;
  bool thrown = false;
  try {
    notes.upsert(Note("b", "green lantern"));
  } catch (const std::out_of_range& e) {
    thrown = std::string(e.what()) == "model is gone";
  }
  CHECK(thrown);
  CHECK(!notes.search("white").degraded().empty());  // "lantern" is remembered
  CHECK(CodeOf([&] { notes.upsert(Note("", "x")); }) == CAIRN_INVALID_ARGUMENT);
}

void FoldersAreIndexed() {
  Folder folder;
  write_file(folder.path, "vault/a.md", "# A white lantern\n");
  write_file(folder.path, "vault/b.txt", "tide");
  cairn::Collection notes = cairn::Database(folder / "db").collection("notes", WithoutEmbedder());
  cairn::IndexOptions options;
  options.progress = [](const cairn::Progress&) { return false; };
  CHECK(notes.index_folder(folder / "vault", options).cancelled());
  options.progress = [](const cairn::Progress&) -> bool { throw std::out_of_range("stop"); };
  bool thrown = false;
  try {
    notes.index_folder(folder / "vault", options);
  } catch (const std::out_of_range&) {
    thrown = true;
  }
  CHECK(thrown);
  int calls = 0;
  options.progress = [&calls](const cairn::Progress&) { return ++calls > 0; };
  options.ignore = {"*.txt"};
  cairn::IndexReport report = notes.index_folder(folder / "vault", options);
  CHECK(report.added() == 1 && report.failed().empty() && report.warnings().empty() && calls > 0);
  CHECK(report.json().find("\"added\":1") != std::string::npos);
  CHECK(report.stats().scanned_count == 1 && !report.cancelled());
  CHECK(CodeOf([&] { notes.index_folder(folder / "none"); }) == CAIRN_NOT_FOUND);
}

void LimitersDecide() {
  CHECK(CodeOf([] { cairn::RateLimiter("{\"policies\": {\"a\": 1}}"); }) == CAIRN_INVALID_ARGUMENT);
  cairn::RateLimiter limiter(
      "{\"policies\": {\"web\": \"2/1h\","
      " \"jobs\": {\"algorithm\": \"concurrency\", \"limit\": 1, \"window\": 60}}}");
  CHECK(CodeOf([&] { limiter.policy("nope"); }) == CAIRN_NOT_FOUND);
  CHECK(limiter.policy_names().size() == 2);
  const std::uint32_t web = limiter.policy("web");
  CHECK(limiter.check(web, "me").remaining() == 1);
  CHECK(limiter.check(web, "me", 3).impossible());
  CHECK(limiter.acquire(web, "me", 1, 0).allowed());
  const cairn::Decision refused = limiter.check(web, "me");
  CHECK(!refused && refused.limit() == 2 && refused.retry_after_ns() > 0);
  CHECK(refused.rule() == "sliding_1h" && !refused.degraded() && !refused.overflowed());
  CHECK(!refused.http_retry_after().empty() && refused.reset_after_ns() > 0);
  CHECK(refused.http_ratelimit().rfind("\"sliding_1h\";r=0;t=", 0) == 0);
  CHECK_TEXT("\"sliding_1h\";q=2;w=3600", limiter.http_policy(web).c_str());
  limiter.refund(web, "me");
  CHECK(limiter.peek(web, "me").remaining() == 1);
  limiter.reset(web, "me");
  CHECK(limiter.peek(web, "me").remaining() == 2);
  limiter.reset_all(web);
  CHECK(limiter.set_policy("web", "\"5/1h\"") == web);
  CHECK(limiter.peek(web, "me").remaining() == 5);
  const std::uint32_t jobs = limiter.policy("jobs");
  const cairn::Decision held = limiter.check(jobs, "me");
  CHECK(held.permit() != 0 && !limiter.check(jobs, "me"));
  limiter.release(jobs, "me", held);
  CHECK(limiter.check(jobs, "me").allowed());
  CHECK(limiter.stats(jobs).refused_count == 1);
  CHECK(limiter.metrics().find("cairn_limiter_allowed_total") != std::string::npos);
}

}  // namespace

int main() {
  RUN(Versions);
  RUN(ErrorsAreThrown);
  RUN(DatabasesAreValues);
  RUN(DocumentsComeBack);
  RUN(SearchesRange);
  RUN(NeighboursAreNamed);
  RUN(EmbedExceptionsComeOut);
  RUN(FoldersAreIndexed);
  RUN(LimitersDecide);
  return check_result();
}
