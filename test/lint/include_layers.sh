#!/bin/bash
# Includes point down: module.c / syntax capture ddl query maintenance review
# apptime / history / catalog / time / base.  The top folders never include
# each other, syntax needs nothing but base, and a file of ours is named with
# its folder.

level()
{
	case $1 in
		module) echo 6 ;;
		syntax | capture | ddl | query | maintenance | review | apptime) echo 5 ;;
		history) echo 4 ;;
		catalog) echo 3 ;;
		time) echo 2 ;;
		base) echo 1 ;;
		top) echo 0 ;;			# temporal.h
		*) echo -1 ;;
	esac
}

status=0
while IFS=: read -r file line text; do
	included=$(printf '%s\n' "$text" |
		sed -nE 's/^#[ \t]*include[ \t]+"([^"]+)".*/\1/p')
	[ -f "src/$included" ] || {
		# Not ours; but is it ours without its folder?
		if compgen -G "src/*/${included##*/}" >/dev/null &&
			[ "$included" = "${included##*/}" ]
		then
			echo "$file:$line: \"$included\" is included without its folder"
			status=1
		fi
		continue
	}
	from=${file#src/} to=$included
	case $from in */*) from=${from%%/*} ;; module.c) from=module ;; *) from=top ;; esac
	case $to in */*) to=${to%%/*} ;; *) to=top ;; esac
	upper=$(level "$from") lower=$(level "$to")
	if [ "$upper" -lt 0 ] || [ "$lower" -lt 0 ]; then
		echo "$file:$line: src/$from or src/$to is not one of the layers"
		status=1
	elif [ "$from" != "$to" ] && [ "$lower" -ge "$upper" ]; then
		echo "$file:$line: $from must not include \"$included\""
		status=1
	elif [ "$from" = syntax ]; then
		case $to in
			syntax | base | top) ;;
			*)
				echo "$file:$line: syntax must not include \"$included\""
				status=1
				;;
		esac
	fi
done < <(grep -rnE '^#[ 	]*include[ 	]+"' src --include='*.[ch]')
exit $status
