/*-------------------------------------------------------------------------
 *
 * capture_executor.c
 *	  INSERT without its trigger
 *
 * The BEFORE INSERT trigger of a versioned table (capture_statement.c) has
 * something to do where this library is not loaded, and while temporal.as_of
 * is set.  Otherwise the executor's own copy of the table's triggers is told
 * that there is none, which saves looking it up and calling it: 1,600
 * instructions of the 82,000 of an INSERT of one row.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_trigger.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "utils/reltrigger.h"

#include "base/session_time.h"
#include "capture/capture.h"
#include "catalog/extension_objects.h"

static ExecutorStart_hook_type prev_executor_start = NULL;

static void capture_executor_start(QueryDesc *query, int eflags);

void
capture_executor_init(void)
{
	prev_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = capture_executor_start;
}

/*
 * Is the only trigger before INSERT statements the one of capture?
 */
static bool
capture_is_only_before_insert(const TriggerDesc *triggers)
{
	Oid			function = extension_function(FUNCTION_CAPTURE_STATEMENT);

	for (int i = 0; i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (TRIGGER_TYPE_MATCHES(trigger->tgtype, TRIGGER_TYPE_STATEMENT,
								 TRIGGER_TYPE_BEFORE, TRIGGER_TYPE_INSERT) &&
			trigger->tgfoid != function)
			return false;
	}
	return true;
}

static void
capture_executor_start(QueryDesc *query, int eflags)
{
	ListCell   *lc;

	if (prev_executor_start)
		prev_executor_start(query, eflags);
	else
		standard_ExecutorStart(query, eflags);

	if (query->operation != CMD_INSERT || session_time_is_set)
		return;
	foreach(lc, query->estate->es_opened_result_relations)
	{
		TriggerDesc *triggers = ((ResultRelInfo *) lfirst(lc))->ri_TrigDesc;

		if (triggers != NULL && triggers->trig_insert_before_statement &&
			capture_is_only_before_insert(triggers))
			triggers->trig_insert_before_statement = false;
	}
}
