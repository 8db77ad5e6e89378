/*-------------------------------------------------------------------------
 *
 * module.c
 *	  Entry point of the library: every folder gets its hooks
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/extension.h"
#include "fmgr.h"

#include "base/settings.h"
#include "capture/capture.h"
#include "catalog/audit_queue.h"
#include "catalog/extension_objects.h"
#include "catalog/job_progress.h"
#include "catalog/versioned_cache.h"
#include "catalog/segment_table.h"
#include "ddl/ddl.h"
#include "history/history_reach.h"
#include "history/history_heap.h"
#include "history/history_scan.h"
#include "maintenance/maintenance.h"
#include "query/query.h"
#include "review/review.h"
#include "syntax/syntax.h"
#include "temporal.h"
#include "time/tick_clock.h"
#include "time/tick_reserve.h"
#include "time/transaction_flight.h"
#include "time/transaction_log.h"
#include "time/transaction_order.h"
#include "time/transaction_prepared.h"
#include "time/transaction_time.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	settings_init();

	/*
	 * Without the preload there is no shared clock and not every session has
	 * the hooks: functions of this library then refuse to work.
	 */
	if (!temporal_preloaded)
	{
		if (creating_extension)
			ereport(WARNING,
					(errmsg("extension \"%s\" is not preloaded",
							TEMPORAL_EXTENSION),
					 errdetail("Versioned tables can be neither written nor queried until it is."),
					 errhint("Add \"%s\" to shared_preload_libraries and restart the server.",
							 TEMPORAL_EXTENSION)));
		return;
	}

	tick_clock_init();
	tick_reserve_init();
	transaction_flight_init();
	transaction_log_init();
	transaction_time_init();
	transaction_prepared_init();
	transaction_order_init();
	extension_objects_init();
	audit_queue_init();
	versioned_cache_init();
	segment_table_init();
	job_progress_init();
	history_reach_init();
	history_heap_init();
	history_scan_init();
	query_plan_init();
	query_stats_init();
	query_rewrite_init();
	query_session_init();
	query_log_init();
	capture_append_init();
	capture_columns_init();
	capture_copy_init();
	capture_executor_init();
	ddl_init();
	review_init();
	maintenance_board_init();
	maintenance_database_init();
	maintenance_launcher_init();
	if (temporal_syntax)
		syntax_init();
}
