/*-------------------------------------------------------------------------
 *
 * history_scan_explain.c
 *	  Reading segments as a part of their history: EXPLAIN
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/explain.h"
#include "nodes/makefuncs.h"
#include "utils/ruleutils.h"

#include "base/compat_query.h"
#ifdef TEMPORAL_HAS_EXPLAIN_HEADERS
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#endif
#include "history/history_scan.h"

void
history_scan_explain_clauses(CustomScanState *node, List *conditions,
							 const char *label, List *ancestors,
							 struct ExplainState *es)
{
	List	   *context;

	if (conditions == NIL)
		return;
	context = set_deparse_context_plan(es->deparse_cxt, node->ss.ps.plan,
									   ancestors);
	ExplainPropertyText(label,
						deparse_expression((Node *) make_ands_explicit(conditions),
										   context,
										   list_length(es->rtable) > 1 ||
										   es->verbose, false),
						es);
}

void
history_scan_explain(CustomScanState *node, List *ancestors,
					 struct ExplainState *es)
{
	const HistoryScanCounters *counters;
	const CustomScan *plan = (CustomScan *) node->ss.ps.plan;

	history_scan_explain_clauses(node, history_scan_once(plan),
								 "One-Time Filter", ancestors, es);
	history_scan_explain_clauses(node, history_scan_conditions(plan),
								 "Segment Cond", ancestors, es);
	if (!es->analyze)
		return;
	counters = history_scan_counters(node);
	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		appendStringInfoSpaces(es->str, es->indent * 2);
		appendStringInfo(es->str,
						 "Segments: " UINT64_FORMAT " read of " UINT64_FORMAT "  Versions: " UINT64_FORMAT " decompressed, " UINT64_FORMAT " selected",
						 counters->segments_read, counters->segments_total,
						 counters->versions, counters->rows);
		if (es->buffers)
			appendStringInfo(es->str, "  Bytes: " UINT64_FORMAT,
							 counters->bytes);
		appendStringInfoChar(es->str, '\n');
		return;
	}
	ExplainPropertyInteger("Segments Total", NULL, counters->segments_total,
						   es);
	ExplainPropertyInteger("Segments Read", NULL, counters->segments_read, es);
	ExplainPropertyInteger("Versions Decompressed", NULL, counters->versions,
						   es);
	ExplainPropertyInteger("Versions Selected", NULL, counters->rows, es);
	ExplainPropertyInteger("Segment Bytes", NULL, counters->bytes, es);
}
