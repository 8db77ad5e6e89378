# plot.gp: ratios to the plain table; report sets dir and out

set terminal svg size 1100,900 font "sans-serif,13" background "#ffffff"
set output out
set datafile missing "?"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9 relative
set grid ytics lc rgb "#dddddd"
set key outside top center horizontal samplen 1.5
set border 3 lc rgb "#888888"
set tics nomirror textcolor rgb "#333333"
set xtics scale 0 font ",11"
set lmargin 7
set rmargin 2
set bmargin 5

set multiplot layout 2,1

set title "Writes: throughput, plain table = 1 (higher is better)"
set yrange [0:1.3]
set ytics 0.2
set arrow 1 from graph 0, first 1 to graph 1, first 1 nohead lc rgb "#444444" dt 2 front
writes = dir . "/writes.dat"
plot writes using 2:xtic(1) title "temporal" lc rgb "#1f5fa8", \
	 "" using 3 title "temporal, no history index" lc rgb "#6f9fd8", \
	 "" using 4 title "temporal, GiST" lc rgb "#b5cdea", \
	 "" using 5 title "periods" lc rgb "#d9822b", \
	 "" using 6 title "MariaDB" lc rgb "#7a9a5b", \
	 "" using ($0 - 0.33):7:(0.1) with xerrorbars pt 0 lw 3 lc rgb "#c00000" title "target of temporal"

set title "Reads: time, the plain table's query without a clause = 1 (lower is better, logarithmic)"
set logscale y
set yrange [0.5:64]
set ytics (0.5, 1, 2, 4, 8, 16, 32, 64)
reads = dir . "/reads.dat"
plot reads using 2:xtic(1) title "temporal, compressed" lc rgb "#123a6b", \
	 "" using 3 title "temporal" lc rgb "#1f5fa8", \
	 "" using 4 title "temporal, GiST" lc rgb "#b5cdea", \
	 "" using 5 title "periods, with an index" lc rgb "#d9822b", \
	 "" using 6 title "MariaDB, partitioned" lc rgb "#7a9a5b", \
	 "" using ($0 - 0.33):7:(0.1) with xerrorbars pt 0 lw 3 lc rgb "#c00000" title "target of compressed"
unset multiplot
