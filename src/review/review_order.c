/*-------------------------------------------------------------------------
 *
 * review_order.c
 *	  Which rows must change before which
 *
 * A row that takes a unique value which another one gives up has to wait for
 * that.  Levels are the lengths of such chains: rows of level 0 wait for
 * nobody, those of level n for some of level n - 1.
 *
 * Pure: knows nothing of tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "review/review_rows.h"

typedef struct OrderNode
{
	int64		place;
	int			waits;			/* number of edges not yet satisfied */
	int			level;
} OrderNode;

static int
order_compare_places(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* by the row that goes first */
static int
order_compare_edges(const void *a, const void *b)
{
	return order_compare_places(&((const ReviewEdge *) a)->first,
								&((const ReviewEdge *) b)->first);
}

/*
 * The rows that the edges name, ascending by place
 */
static OrderNode *
order_nodes(const ReviewEdge *edges, int nedges, int *nnodes)
{
	int64	   *places = palloc_extended(2 * (Size) nedges * sizeof(int64),
										 MCXT_ALLOC_HUGE);
	OrderNode  *nodes;
	int			n = 0;

	for (int i = 0; i < nedges; i++)
	{
		places[2 * i] = edges[i].then;
		places[2 * i + 1] = edges[i].first;
	}
	qsort(places, 2 * (Size) nedges, sizeof(int64), order_compare_places);
	for (int i = 0; i < 2 * nedges; i++)
	{
		if (i == 0 || places[i] != places[n - 1])
			places[n++] = places[i];
	}
	nodes = palloc_extended(n * sizeof(OrderNode),
							MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < n; i++)
		nodes[i].place = places[i];
	pfree(places);
	*nnodes = n;
	return nodes;
}

static OrderNode *
order_find(OrderNode *nodes, int nnodes, int64 place)
{
	return bsearch(&place, nodes, nnodes, sizeof(OrderNode),
				   order_compare_places);
}

/*
 * The first edge by which others wait for the row
 */
static int
order_first_edge(const ReviewEdge *edges, int nedges, int64 place)
{
	int			low = 0;
	int			high = nedges;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (edges[middle].first < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int
review_order(ReviewEdge *edges, int nedges, ReviewLevel **levels)
{
	int			nnodes;
	OrderNode  *nodes = order_nodes(edges, nedges, &nnodes);
	OrderNode **ready = palloc_extended(nnodes * sizeof(OrderNode *),
										MCXT_ALLOC_HUGE);
	int			nready = 0;
	int			ndone = 0;

	StaticAssertStmt(offsetof(OrderNode, place) == 0,
					 "bsearch() compares a place with a node");
	qsort(edges, nedges, sizeof(ReviewEdge), order_compare_edges);
	for (int i = 0; i < nedges; i++)
		order_find(nodes, nnodes, edges[i].then)->waits++;
	for (int i = 0; i < nnodes; i++)
	{
		if (nodes[i].waits == 0)
			ready[nready++] = &nodes[i];
	}

	while (ndone < nready)
	{
		OrderNode  *node = ready[ndone++];

		for (int i = order_first_edge(edges, nedges, node->place);
			 i < nedges && edges[i].first == node->place; i++)
		{
			OrderNode  *waiting = order_find(nodes, nnodes, edges[i].then);

			waiting->level = Max(waiting->level, node->level + 1);
			if (--waiting->waits == 0)
				ready[nready++] = waiting;
		}
	}
	if (ndone < nnodes)
		return -1;

	*levels = palloc_extended(nnodes * sizeof(ReviewLevel), MCXT_ALLOC_HUGE);
	for (int i = 0; i < nnodes; i++)
	{
		(*levels)[i].place = nodes[i].place;
		(*levels)[i].level = nodes[i].level;
	}
	return nnodes;
}
