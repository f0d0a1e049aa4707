#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "vector/segment.h"

namespace cairn::vector {

/// Writes a segment to `path`: under another name first, each section with its checksum, fsynced,
/// then renamed, and the folder fsynced. An existing file is kIoError and stays as it is; a full
/// disk is kResourceExhausted. A failure leaves no new file.
Status WriteSegment(const Segment& segment, const std::string& path);

/// Maps a segment file. The header, the rows' documents and all small sections are checked at once;
/// the codes, their biases and the vectors, which may be large, by VerifySegment. kDataLoss names
/// what is damaged, kNotFound a missing file, kFailedPrecondition a newer format or another
/// dimension or metric. The file may be unlinked while it is mapped, but must not be cut short.
Result<std::shared_ptr<Segment>> MapSegment(const std::string& path, uint32_t dim, Metric metric);

/// Reads the whole file and compares every checksum. kDataLoss names the section, kCancelled when
/// asked to stop.
Status VerifySegment(const std::string& path, const std::function<bool()>& cancelled = {});

}  // namespace cairn::vector
