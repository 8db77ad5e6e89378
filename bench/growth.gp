# growth.gp: ratios by the size of history; report sets dir, out and
# panels

count = words(panels)
columns = 3
lines = (count + columns - 1) / columns
set terminal svg size 1100,(80 + 250 * lines) font "sans-serif,12" background "#ffffff"
set output out
set grid lc rgb "#dddddd"
set border 3 lc rgb "#888888"
set tics nomirror textcolor rgb "#333333"
set logscale xy
set ytics (0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256)
set xtics ()
set key off
set autoscale fix
set offsets graph 0.1, graph 0.1, graph 0.1, graph 0.1
set lmargin 7

title_of(panel) = \
	(operation = panel[strstrt(panel, ".") + 1:*], \
	 workload = panel[1:strstrt(panel, ".") - 1], \
	 (operation eq "whole_early" ? "whole table, AS OF early" : \
	  operation eq "whole_middle" ? "whole table, AS OF middle" : \
	  operation eq "whole_late" ? "whole table, AS OF late" : \
	  operation eq "join_middle" ? "join of whole tables, AS OF middle" : \
	  operation eq "changed_hour" ? "keys changed, an hour of 10,000" : \
	  operation eq "key_middle" ? "one key, AS OF middle" : \
	  operation eq "key_all" ? "one key, all versions" : operation) \
	 . " (" . workload . ")")

set multiplot layout lines, columns title "Time by versions in history; the plain table's, without a clause = 1 (lower is better, logarithmic)"
do for [panel in panels] {
	set title title_of(panel) font ",11"
	file = dir . "/growth." . panel . "."
	plot 1 with lines lw 2 dt 2 lc rgb "#888888", \
		 file . "temporal_compressed" with linespoints pt 7 ps 0.6 lw 3 lc rgb "#123a6b" title "temporal, compressed", \
		 file . "temporal" using 1:2:xtic(3) with linespoints pt 7 ps 0.5 lw 2 lc rgb "#4f8fd8" title "temporal", \
		 file . "temporal_gist" with linespoints pt 7 ps 0.5 lw 2 lc rgb "#b5cdea" title "temporal, GiST", \
		 file . "periods_key" with linespoints pt 7 ps 0.5 lw 2 lc rgb "#d9822b" title "periods, with an index"
}
# The legend, in a panel of its own
if (count % columns) {
	unset title
	unset border
	unset tics
	unset grid
	unset logscale
	set key center center
	set xrange [0:1]
	set yrange [0:1]
	plot NaN with lines lw 2 dt 2 lc rgb "#888888" title "plain table, no clause", \
		 NaN with lines lw 3 lc rgb "#123a6b" title "temporal, compressed", \
		 NaN with lines lw 2 lc rgb "#4f8fd8" title "temporal", \
		 NaN with lines lw 2 lc rgb "#b5cdea" title "temporal, GiST", \
		 NaN with lines lw 2 lc rgb "#d9822b" title "periods, with an index"
}
unset multiplot
