/*-------------------------------------------------------------------------
 *
 * transaction_order.h
 *	  Rewriting temporal.transaction_log keeps the order of its rows
 *
 *-------------------------------------------------------------------------
 */
#ifndef TEMPORAL_TRANSACTION_ORDER_H
#define TEMPORAL_TRANSACTION_ORDER_H

extern void transaction_order_init(void);

#endif							/* TEMPORAL_TRANSACTION_ORDER_H */
