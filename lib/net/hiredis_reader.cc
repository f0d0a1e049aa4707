#include <hiredis/read.h>

#include <new>

#include "net/redis_reader.h"

namespace cairn::net {
namespace {

/// More than any command of ours asks for; a server cannot make us reserve memory beyond it.
constexpr int kMaxElements = 1 << 20;

RedisReply* Target(const redisReadTask* task) {
  if (task->parent == nullptr) return static_cast<RedisReply*>(task->privdata);
  auto* parent = static_cast<RedisReply*>(task->parent->obj);
  return &parent->elements[static_cast<size_t>(task->idx)];
}

RedisReply::Kind KindOf(int type) {
  if (type == REDIS_REPLY_STATUS) return RedisReply::Kind::kStatus;
  if (type == REDIS_REPLY_ERROR) return RedisReply::Kind::kError;
  return RedisReply::Kind::kString;
}

// Called from C: a null pointer is the only way to fail.
void* CreateString(const redisReadTask* task, char* bytes, size_t size) {
  try {
    RedisReply* reply = Target(task);
    reply->kind = KindOf(task->type);
    reply->text.assign(bytes, size);
    return reply;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void* CreateArray(const redisReadTask* task, int size) {
  if (size < 0 || size > kMaxElements) return nullptr;
  try {
    RedisReply* reply = Target(task);
    reply->kind = RedisReply::Kind::kArray;
    reply->elements.resize(static_cast<size_t>(size));
    return reply;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void* CreateInteger(const redisReadTask* task, long long value) {
  RedisReply* reply = Target(task);
  reply->kind = RedisReply::Kind::kInteger;
  reply->integer = value;
  return reply;
}

void* CreateNil(const redisReadTask* task) {
  RedisReply* reply = Target(task);
  reply->kind = RedisReply::Kind::kNil;
  return reply;
}

void FreeNothing(void* /*reply*/) {}  // replies are parts of root_

redisReplyObjectFunctions* Functions() {
  static redisReplyObjectFunctions functions = {CreateString, CreateArray, CreateInteger, CreateNil,
                                                FreeNothing};
  return &functions;
}

class HiredisReader final : public RedisReader {
 public:
  explicit HiredisReader(size_t max_reply_bytes)
      : max_reply_bytes_(max_reply_bytes), reader_(redisReaderCreateWithFunctions(Functions())) {
    if (reader_ != nullptr) reader_->privdata = &root_;
  }

  bool is_usable() const { return reader_ != nullptr; }

  Status Feed(std::string_view bytes) override {
    unfinished_bytes_ += bytes.size();
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) return Failure();
    return OkStatus();
  }

  Result<bool> Next(RedisReply* reply) override {
    void* object = nullptr;
    if (redisReaderGetReply(reader_.get(), &object) != REDIS_OK) return Failure();
    if (object == nullptr) {
      if (unfinished_bytes_ <= max_reply_bytes_) return false;
      return Error(Code::kOutOfRange, "a reply is larger than ", max_reply_bytes_, " bytes");
    }
    *reply = std::move(root_);
    root_ = RedisReply();
    unfinished_bytes_ = reader_->len - reader_->pos;
    return true;
  }

 private:
  struct Free {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };

  Status Failure() const {
    return Error(Code::kDataLoss, "what came is no Redis reply (", reader_->errstr, ")");
  }

  const size_t max_reply_bytes_;
  RedisReply root_;
  std::unique_ptr<redisReader, Free> reader_;
  size_t unfinished_bytes_ = 0;  ///< fed since the last complete reply
};

}  // namespace

bool RedisReader::IsSupported() { return true; }

Result<std::unique_ptr<RedisReader>> RedisReader::Create(size_t max_reply_bytes) {
  auto reader = std::make_unique<HiredisReader>(max_reply_bytes);
  if (!reader->is_usable()) return Status(Code::kResourceExhausted, "no memory for a connection");
  return std::unique_ptr<RedisReader>(std::move(reader));
}

}  // namespace cairn::net
