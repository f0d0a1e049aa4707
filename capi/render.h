#pragma once

#include <string>

#include "db/database.h"
#include "query/search.h"

namespace cairn::capi {

// The JSON that the comments of cairn_results_json, cairn_document_json and
// cairn_index_report_json describe.
std::string RenderResults(const query::SearchResponse& response);
std::string RenderDocument(const db::StoredDocument& document);
std::string RenderReport(const db::IndexOutcome& outcome);

}  // namespace cairn::capi
