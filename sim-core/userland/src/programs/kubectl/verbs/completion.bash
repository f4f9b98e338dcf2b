# Completion of kubectl for bash.
#
# Tab asks "kubectl __complete" with the words up to the cursor. The answer is a candidate a line, with what it is
# behind a tab, and then a colon and a number that adds up what to do: 1 nothing, for something went wrong,
# 2 no blank behind the word, 4 no names of files, 8 names of files that end so.

__start_kubectl() {
    local line=${COMP_LINE:0:COMP_POINT} words current before
    read -ra words <<<"$line"
    [[ $line == *[[:blank:]] ]] && words+=("")
    # Of --flag=value only the value is answered for; bash replaces what follows the last "=" or ":".
    current=${words[-1]}
    [[ $current == -*=* ]] && current=${current#*=}
    before=${current%"$2"}

    local name about all=() names=() abouts=() directive=0 width=0
    while IFS=$'\t' read -r name about; do
        all+=("$name")
        case $name in
        :[0-9]*) directive=${name#:} ;;
        "$current"*)
            names+=("${name#"$before"}")
            abouts+=("$about")
            ((${#name} > width)) && width=${#name}
            ;;
        esac
    done < <(kubectl __complete "${words[@]:1}" 2>/dev/null)

    ((directive & 1)) && return
    ((directive & 2)) && compopt -o nospace
    ((directive & 4)) && compopt +o default
    if ((directive & 8)); then
        compopt -o filenames
        mapfile -t COMPREPLY < <(
            for name in "${all[@]}"; do compgen -f -X "!*.$name" -- "$2"; done
            compgen -d -- "$2"
        )
        return
    fi
    COMPREPLY=("${names[@]}")
    if ((${#names[@]} == 1)); then
        [[ ${names[0]} == *= ]] && compopt -o nospace
        return
    fi
    # What there is to choose from is told apart by what it is.
    local i room=$((COLUMNS - width - 4))
    for i in "${!names[@]}"; do
        about=${abouts[i]}
        [[ $about ]] || continue
        ((room > 8 && ${#about} > room)) && about=${about:0:room-1}…
        printf -v COMPREPLY[i] '%-*s  (%s)' "$width" "${names[i]}" "$about"
    done
}

complete -o default -F __start_kubectl kubectl
