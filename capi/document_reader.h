#pragma once

#include <cairn/document.h>

#include "base/status.h"
#include "db/database.h"

namespace cairn::capi {

/// A document of the caller in the shape that the core wants; everything in it stays borrowed.
/// invalid_argument names the field at fault.
Result<db::DocumentInput> ReadDocument(const cairn_document_input& given);

}  // namespace cairn::capi
