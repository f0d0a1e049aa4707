#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cairn::indexer {

/// The size of a text in words, close to what an analyzer makes of it and cheap to count:
/// a run of letters and digits is one word, a character of a script written without spaces is one
/// word, and so that nothing unbounded is free, every further 32 bytes of a run are one more word.
uint32_t CountTokens(std::string_view text);

/// Length of the longest prefix of `text` that counts at most `max_tokens`, on a character
/// boundary. At least one character unless `text` is empty.
size_t PrefixWithin(std::string_view text, uint32_t max_tokens);

/// Decodes the character at the front of `text` (not empty) and sets its length in bytes.
/// A malformed byte is a character of its own with the value U+FFFD.
char32_t DecodeFront(std::string_view text, size_t* length);

/// `text` cut to at most `max_bytes`, on a character boundary.
std::string_view CutUtf8(std::string_view text, size_t max_bytes);

}  // namespace cairn::indexer
