# temporal: SQL:2011 temporal tables for PostgreSQL.
#
#   make               build the extension against pg_config in PATH
#   make install       install it (PGXS)
#   make installcheck  run the regression tests against a running server
#   make demo          the tour, on a private throw-away server
#   make test          every test, on a private throw-away server
#   make bench         the measurements behind README's numbers

MODULE_big = temporal
OBJS = \
	src/module.o \
	src/base/archive_directory.o \
	src/base/session_time.o \
	src/base/settings.o \
	src/time/tick_clock.o \
	src/time/tick_file.o \
	src/time/tick_reserve.o \
	src/time/time_range.o \
	src/time/transaction_flight.o \
	src/time/transaction_instant.o \
	src/time/transaction_append.o \
	src/time/transaction_log.o \
	src/time/transaction_order.o \
	src/time/transaction_prepared.o \
	src/time/transaction_scan.o \
	src/time/transaction_scn.o \
	src/time/transaction_tick.o \
	src/time/transaction_time.o \
	src/time/transaction_window.o \
	src/catalog/archive_table.o \
	src/catalog/audit_queue.o \
	src/catalog/audit_table.o \
	src/catalog/catalog_guard.o \
	src/catalog/extension_objects.o \
	src/catalog/function_expansion.o \
	src/catalog/job_progress.o \
	src/catalog/job_table.o \
	src/catalog/retention_condition.o \
	src/catalog/retention_policy.o \
	src/catalog/segment_table.o \
	src/catalog/snapshot_table.o \
	src/catalog/versioned_cache.o \
	src/catalog/versioned_table.o \
	src/history/history_access.o \
	src/history/history_bitmap.o \
	src/history/history_btree.o \
	src/history/history_bytes.o \
	src/history/history_codec.o \
	src/history/history_compact.o \
	src/history/history_compact_lock.o \
	src/history/history_decimal.o \
	src/history/history_decode.o \
	src/history/history_directory.o \
	src/history/history_expand.o \
	src/history/history_heap_exec.o \
	src/history/history_heap_pages.o \
	src/history/history_heap_plan.o \
	src/history/history_index.o \
	src/history/history_integers.o \
	src/history/history_leaf.o \
	src/history/history_places.o \
	src/history/history_prune.o \
	src/history/history_prune_segments.o \
	src/history/history_ranges.o \
	src/history/history_reach.o \
	src/history/history_scan_bound.o \
	src/history/history_scan_exec.o \
	src/history/history_scan_explain.o \
	src/history/history_scan_plan.o \
	src/history/history_scan_source.o \
	src/history/history_section.o \
	src/history/history_segment.o \
	src/history/history_segments.o \
	src/history/history_slices.o \
	src/history/history_sort.o \
	src/history/history_store.o \
	src/history/history_survey.o \
	src/history/history_zstd.o \
	src/capture/capture_append.o \
	src/capture/capture_columns.o \
	src/capture/capture_copy.o \
	src/capture/capture_executor.o \
	src/capture/capture_rows.o \
	src/capture/capture_statement.o \
	src/ddl/ddl_dispatch.o \
	src/ddl/ddl_drop.o \
	src/ddl/ddl_guard.o \
	src/ddl/ddl_history.o \
	src/ddl/ddl_options.o \
	src/ddl/ddl_partition.o \
	src/ddl/ddl_retention.o \
	src/ddl/ddl_triggers.o \
	src/ddl/ddl_versioning.o \
	src/maintenance/archive_file.o \
	src/maintenance/archive_format.o \
	src/maintenance/archive_history.o \
	src/maintenance/archive_read.o \
	src/maintenance/archive_text.o \
	src/maintenance/archive_write.o \
	src/maintenance/maintenance_board.o \
	src/maintenance/maintenance_call.o \
	src/maintenance/maintenance_compress.o \
	src/maintenance/maintenance_database.o \
	src/maintenance/maintenance_job.o \
	src/maintenance/maintenance_launcher.o \
	src/maintenance/maintenance_run.o \
	src/maintenance/maintenance_worker.o \
	src/maintenance/retention_archive.o \
	src/maintenance/retention_functions.o \
	src/maintenance/retention_keys.o \
	src/maintenance/retention_rules.o \
	src/maintenance/retention_run.o \
	src/maintenance/retention_size.o \
	src/query/query_ambient.o \
	src/query/query_clause.o \
	src/query/query_grouping.o \
	src/query/query_instant.o \
	src/query/query_log.o \
	src/query/query_plan.o \
	src/query/query_privilege.o \
	src/query/query_quals.o \
	src/query/query_rewrite.o \
	src/query/query_session.o \
	src/query/query_stats.o \
	src/query/query_time.o \
	src/query/query_union.o \
	src/review/review_apply.o \
	src/review/review_changes.o \
	src/review/review_diff.o \
	src/review/review_flashback.o \
	src/review/review_function.o \
	src/review/review_instant.o \
	src/review/review_order.o \
	src/review/review_restore.o \
	src/review/review_rows.o \
	src/review/review_snapshot.o \
	src/review/review_table.o \
	src/review/review_text.o \
	src/review/review_transaction.o \
	src/review/review_undo.o \
	src/review/review_where.o \
	src/syntax/syntax_alter.o \
	src/syntax/syntax_bound.o \
	src/syntax/syntax_clause.o \
	src/syntax/syntax_create.o \
	src/syntax/syntax_expression.o \
	src/syntax/syntax_flashback.o \
	src/syntax/syntax_graft.o \
	src/syntax/syntax_graft_reference.o \
	src/syntax/syntax_graft_table.o \
	src/syntax/syntax_init.o \
	src/syntax/syntax_prologue_aarch64.o \
	src/syntax/syntax_prologue_x86_64.o \
	src/syntax/syntax_relation.o \
	src/syntax/syntax_retention.o \
	src/syntax/syntax_takeover.o \
	src/syntax/syntax_token.o

EXTENSION = temporal
DATA = temporal--1.0.sql

PG_CONFIG ?= pg_config
WARNINGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-cast-function-type
# What an extension exports is decided here, not by what happens to be
# global: PostgreSQL 16 does the same for every extension.
VISIBILITY = -fvisibility=hidden \
	'-DPGDLLEXPORT=__attribute__((visibility("default")))'
PG_CFLAGS = $(WARNINGS) $(VISIBILITY) -MMD -MP
PG_CPPFLAGS = -I$(srcdir)/src
SHLIB_LINK += -lzstd
ifdef WERROR
PG_CFLAGS += -Werror
endif

# Loops over the values of a column, which reading history consists of
$(addprefix src/history/history_,codec.o decimal.o integers.o \
	places.o): \
	CFLAGS += $(CFLAGS_VECTORIZE) $(CFLAGS_UNROLL_LOOPS)

# Bitcode would double the build for functions that are never inlined.
override with_llvm = no

# Regression tests in the order they run: the first installs the extension,
# the last takes it away again.  test/lint checks that none is forgotten.
REGRESS = \
	install \
	create_table \
	alter_table \
	ddl_refused \
	event_triggers \
	capture_insert \
	capture_append \
	capture_update \
	capture_delete \
	capture_same_transaction \
	capture_savepoint \
	capture_upsert \
	capture_merge \
	capture_copy \
	capture_truncate \
	capture_cascade \
	capture_views \
	capture_triggers \
	capture_partitions \
	capture_types \
	capture_replica \
	capture_cte \
	capture_plpgsql \
	capture_history_index \
	capture_history_btree \
	syntax_query \
	syntax_table \
	syntax_errors \
	syntax_multibyte \
	syntax_flashback \
	syntax_views \
	query_clauses \
	query_places \
	query_errors \
	query_views \
	session_as_of \
	query_partitions \
	query_plans \
	heap_scan \
	security \
	security_statistics \
	review_changes \
	review_diff \
	review_flashback \
	review_plans \
	review_restore \
	review_security \
	review_snapshot \
	review_undo \
	archive_errors \
	archive_retention \
	archive_round_trip \
	segments_keys \
	time_scn \
	time_mode \
	time_log \
	maintenance \
	retention_policy \
	retention_rules \
	catalog_views \
	settings \
	extension_lifecycle \
	segments_basic \
	segments_answers \
	segments_types \
	segments_plans \
	segments_errors \
	segments_damage \
	server_17 \
	server_18 \
	uninstall
# Tests run as an ordinary role; sql/install.sql makes it everybody's default.
REGRESS_OPTS = --create-role=regress_temporal_user

ISOLATION := $(sort $(notdir $(basename \
	$(wildcard test/isolation/specs/*.spec))))
ISOLATION_OPTS = --inputdir=$(srcdir)/test/isolation \
	--load-extension=temporal

EXTRA_CLEAN = $(OBJS:.o=.d) output_iso

# Targets that bring what they need: packages from apt, a copy of the tree, a
# private server.  They work before pg_config exists, so PGXS must not be
# asked for when nothing else is wanted.
PRIVATE_TARGETS = demo test check check-postgres bench lint tidy

ifneq ($(filter-out $(PRIVATE_TARGETS),$(or $(MAKECMDGOALS),all)),)
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
-include $(OBJS:.o=.d)
else
check: test
endif

.PHONY: $(PRIVATE_TARGETS)
$(filter-out check,$(PRIVATE_TARGETS)):
	@exec env MAKE='$(MAKE)' bash test/run $@
