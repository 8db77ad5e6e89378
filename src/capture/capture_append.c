/*-------------------------------------------------------------------------
 *
 * capture_append.c
 *	  INSERT ... SELECT of rows as they are: the period is appended to them
 *
 * The executor stores the rows of INSERT INTO t SELECT * FROM s as they lie in
 * the pages of s, if t has the same columns: a copy of bytes.  A versioned
 * table has two columns more, for which each row would have to be taken apart
 * and formed anew, 40 % of the time of a row.  The period is at the end of a
 * row, of fixed length and never null; so a custom scan copies the bytes and
 * puts 16 more behind them.
 *
 * The node goes into the finished plan, between ModifyTable and a scan whose
 * target list is all columns of its table in their order, then the period's
 * DEFAULTs.  Its custom_scan_tlist is what the scan's target list was, so
 * that EXPLAIN VERBOSE shows it; the scan is left with the columns, which need
 * no projection.  Rows that are not as the table is now, older than one of its
 * columns, are formed anew.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/extensible.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/plannodes.h"
#include "parser/parsetree.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "capture/capture.h"
#include "catalog/extension_objects.h"

#define APPEND_NAME		"Temporal Period"
#define PERIOD_COLUMNS	2

typedef struct PeriodState
{
	CustomScanState css;
	HistoryBoundary boundary;	/* of the history of the table written to */
	int			natts;			/* without the period */
} PeriodState;

static Node *append_create_state(CustomScan *scan);
static void append_begin(CustomScanState *node, EState *estate, int eflags);
static TupleTableSlot *append_next(CustomScanState *node);
static void append_end(CustomScanState *node);
static void append_rescan(CustomScanState *node);

static CustomScanMethods append_plan_methods = {
	.CustomName = APPEND_NAME,
	.CreateCustomScanState = append_create_state,
};

static const CustomExecMethods append_methods = {
	.CustomName = APPEND_NAME,
	.BeginCustomScan = append_begin,
	.ExecCustomScan = append_next,
	.EndCustomScan = append_end,
	.ReScanCustomScan = append_rescan,
};

void
capture_append_init(void)
{
	RegisterCustomScanMethods(&append_plan_methods);
}

/*
 * The history a row's start depends on, if the target list ends in the DEFAULTs
 * of a period; else InvalidOid.
 */
static Oid
append_history(List *targetlist)
{
	int			n = list_length(targetlist);
	FuncExpr   *start;
	Const	   *end;

	if (n <= PERIOD_COLUMNS)
		return InvalidOid;
	start = (FuncExpr *) list_nth_node(TargetEntry, targetlist, n - 2)->expr;
	end = (Const *) list_nth_node(TargetEntry, targetlist, n - 1)->expr;
	if (!IsA(start, FuncExpr) || !IsA(end, Const) ||
		start->funcid != extension_function(FUNCTION_ROW_START_INSERT) ||
		!IsA(linitial(start->args), Const) ||
		end->consttype != TIMESTAMPTZOID || end->constisnull ||
		!TIMESTAMP_IS_NOEND(DatumGetTimestampTz(end->constvalue)))
		return InvalidOid;
	return DatumGetObjectId(linitial_node(Const, start->args)->constvalue);
}

/*
 * Is the rest of it all columns of the scanned table in their order, and does
 * that table store rows as a heap does?
 */
static bool
append_is_whole_row(const Scan *scan, List *targetlist, List *rtable)
{
	Relation	rel;
	bool		result;
	int			natts = list_length(targetlist) - PERIOD_COLUMNS;

	for (int i = 0; i < natts; i++)
	{
		Var		   *var = (Var *) list_nth_node(TargetEntry, targetlist, i)->expr;

		if (!IsA(var, Var) || var->varno != scan->scanrelid ||
			var->varattno != i + 1)
			return false;
	}
	rel = table_open(rt_fetch(scan->scanrelid, rtable)->relid, NoLock);
	result = RelationGetNumberOfAttributes(rel) == natts;
	table_close(rel, NoLock);
	return result;
}

void
capture_append_period(PlannedStmt *plan)
{
	Plan	   *modify = plan->planTree;
	Plan	   *scan;
	CustomScan *append;
	List	   *columns;
	Oid			history;
	ListCell   *lc;

	if (plan->commandType != CMD_INSERT || !IsA(modify, ModifyTable) ||
		outerPlan(modify) == NULL)
		return;
	scan = outerPlan(modify);
	if (!IsA(scan, SeqScan) && !IsA(scan, IndexScan) &&
		!IsA(scan, BitmapHeapScan))
		return;
	history = append_history(scan->targetlist);
	if (!OidIsValid(history) ||
		!append_is_whole_row((Scan *) scan, scan->targetlist, plan->rtable))
		return;

	append = makeNode(CustomScan);
	append->scan.plan.startup_cost = scan->startup_cost;
	append->scan.plan.total_cost = scan->total_cost;
	append->scan.plan.plan_rows = scan->plan_rows;
	append->scan.plan.plan_width = scan->plan_width;
	append->scan.plan.parallel_safe = false;
	append->scan.plan.plan_node_id = scan->plan_node_id;
	append->scan.plan.extParam = bms_copy(scan->extParam);
	append->scan.plan.allParam = bms_copy(scan->allParam);
	append->custom_plans = list_make1(scan);
	append->custom_private =
		list_make1(makeConst(OIDOID, -1, InvalidOid, sizeof(Oid),
							 ObjectIdGetDatum(history), false, true));
	append->methods = &append_plan_methods;

	append->custom_scan_tlist = scan->targetlist;
	foreach(lc, scan->targetlist)
	{
		TargetEntry *tle = lfirst_node(TargetEntry, lc);
		Var		   *var = makeVarFromTargetEntry(INDEX_VAR, tle);

		append->scan.plan.targetlist =
			lappend(append->scan.plan.targetlist,
					makeTargetEntry((Expr *) var, tle->resno, tle->resname,
									false));
	}
	columns = list_copy(scan->targetlist);
	scan->targetlist = list_truncate(columns, list_length(columns) -
									 PERIOD_COLUMNS);
	outerPlan(modify) = (Plan *) append;
}

static Node *
append_create_state(CustomScan *scan)
{
	PeriodState *state = (PeriodState *) newNode(sizeof(PeriodState),
												 T_CustomScanState);

	state->css.methods = &append_methods;
	return (Node *) state;
}

static void
append_begin(CustomScanState *node, EState *estate, int eflags)
{
	PeriodState *state = (PeriodState *) node;
	CustomScan *scan = (CustomScan *) node->ss.ps.plan;
	Const	   *history = linitial_node(Const, scan->custom_private);

	node->custom_ps = list_make1(ExecInitNode(linitial(scan->custom_plans),
											  estate, eflags));
	state->natts = list_length(scan->custom_scan_tlist) - PERIOD_COLUMNS;
	if (!(eflags & EXEC_FLAG_EXPLAIN_ONLY))
		state->boundary =
			history_reach_boundary(DatumGetObjectId(history->constvalue));

	/* the kind of slot that ModifyTable takes as it is */
	node->ss.ps.ps_ResultTupleSlot =
		ExecInitExtraTupleSlot(estate,
							   node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
							   &TTSOpsBufferHeapTuple);
	node->ss.ps.resultops = &TTSOpsBufferHeapTuple;
	node->ss.ps.resultopsfixed = true;
	node->ss.ps.resultopsset = true;
}

/*
 * The row with the period behind its bytes
 */
static HeapTuple
append_splice(HeapTuple row, int natts, const TimestampTz *period)
{
	HeapTupleHeader from = row->t_data;
	bool		hasnull = (from->t_infomask & HEAP_HASNULL) != 0;
	Size		bytes = row->t_len - from->t_hoff;
	Size		place = TYPEALIGN(ALIGNOF_DOUBLE, bytes);
	Size		hoff = MAXALIGN(SizeofHeapTupleHeader +
								(hasnull ? BITMAPLEN(natts + PERIOD_COLUMNS) : 0));
	Size		length = hoff + place + PERIOD_COLUMNS * sizeof(TimestampTz);
	HeapTuple	tuple = palloc(HEAPTUPLESIZE + length);
	HeapTupleHeader to;
	char	   *data;

	tuple->t_len = length;
	ItemPointerSetInvalid(&tuple->t_self);
	tuple->t_tableOid = InvalidOid;
	tuple->t_data = to = (HeapTupleHeader) ((char *) tuple + HEAPTUPLESIZE);

	memset(to, 0, hoff);
	ItemPointerSetInvalid(&to->t_ctid);
	to->t_hoff = hoff;
	HeapTupleHeaderSetNatts(to, natts + PERIOD_COLUMNS);
	to->t_infomask = from->t_infomask &
		(HEAP_HASNULL | HEAP_HASVARWIDTH | HEAP_HASEXTERNAL);
	if (hasnull)
	{
		memcpy(to->t_bits, from->t_bits, BITMAPLEN(natts));
		for (int i = natts; i < natts + PERIOD_COLUMNS; i++)
			to->t_bits[i >> 3] |= 1 << (i & 7);
	}

	data = (char *) to + hoff;
	memcpy(data, (char *) from + from->t_hoff, bytes);
	memset(data + bytes, 0, place - bytes);
	memcpy(data + place, period, PERIOD_COLUMNS * sizeof(TimestampTz));
	return tuple;
}

/*
 * A row that is not one of a heap as its table is now, formed anew
 */
static HeapTuple
append_form(TupleTableSlot *row, int natts, const TimestampTz *period,
			TupleDesc desc)
{
	Datum		values[MaxHeapAttributeNumber];
	bool		nulls[MaxHeapAttributeNumber];

	slot_getallattrs(row);
	memcpy(values, row->tts_values, natts * sizeof(Datum));
	memcpy(nulls, row->tts_isnull, natts * sizeof(bool));
	for (int i = 0; i < PERIOD_COLUMNS; i++)
	{
		values[natts + i] = TimestampTzGetDatum(period[i]);
		nulls[natts + i] = false;
	}
	return heap_form_tuple(desc, values, nulls);
}

static TupleTableSlot *
append_next(CustomScanState *node)
{
	PeriodState *state = (PeriodState *) node;
	TupleTableSlot *row = ExecProcNode(linitial(node->custom_ps));
	TupleTableSlot *result = node->ss.ps.ps_ResultTupleSlot;
	BufferHeapTupleTableSlot *stored = (BufferHeapTupleTableSlot *) result;
	TimestampTz period[PERIOD_COLUMNS];
	HeapTuple	source;
	MemoryContext old;

	ExecClearTuple(result);
	if (TupIsNull(row))
		return NULL;

	period[0] = capture_insert_start(state->boundary);
	TIMESTAMP_NOEND(period[1]);
	source = TTS_IS_BUFFERTUPLE(row) || TTS_IS_HEAPTUPLE(row) ?
		((HeapTupleTableSlot *) row)->tuple : NULL;

	old = MemoryContextSwitchTo(result->tts_mcxt);
	stored->base.tuple = source != NULL &&
		HeapTupleHeaderGetNatts(source->t_data) == state->natts ?
		append_splice(source, state->natts, period) :
		append_form(row, state->natts, period, result->tts_tupleDescriptor);
	MemoryContextSwitchTo(old);

	/* as ExecForceStoreHeapTuple(), but without another copy */
	stored->base.off = 0;
	stored->buffer = InvalidBuffer;
	result->tts_nvalid = 0;
	result->tts_tid = stored->base.tuple->t_self;
	result->tts_flags &= ~TTS_FLAG_EMPTY;
	result->tts_flags |= TTS_FLAG_SHOULDFREE;
	return result;
}

static void
append_end(CustomScanState *node)
{
	ExecEndNode(linitial(node->custom_ps));
}

static void
append_rescan(CustomScanState *node)
{
	ExecReScan(linitial(node->custom_ps));
}
