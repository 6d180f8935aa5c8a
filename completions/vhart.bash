# shellcheck shell=bash
# bash completion for vhart. The program itself knows the words: `vhart complete`.

# The words of the command line up to the cursor, in the array `words`: bash takes those with = or : apart.
_vhart_words() {
    local line=${COMP_LINE:0:COMP_POINT} rest word i
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:blank:]]*}"}
        word=${COMP_WORDS[i]}
        ((i < COMP_CWORD)) || word=$rest
        if ((i > 0)) && [[ $rest == "$line" ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
        line=${rest#"$word"}
    done
}

_vhart() {
    local words typed lead='' line program IFS=$'\n'
    _vhart_words
    program=${words[0]/#\~\//$HOME/}
    typed=${words[${#words[@]} - 1]}
    # Readline puts what it is given behind the last = or : where these part words.
    [[ $COMP_WORDBREAKS != *=* || $typed != *=* ]] || lead=${typed%"${typed##*=}"}
    [[ $COMP_WORDBREAKS != *:* || ${typed#"$lead"} != *:* ]] || lead=${typed%"${typed##*:}"}
    COMPREPLY=()
    while read -r line; do
        case $line in
            ':files '*) compopt -o default ;;
            ':folders '*) compopt -o dirnames ;;
            *)
                line=${line%%$'\t'*}
                case $line in *[=,:]) compopt -o nospace ;; esac
                COMPREPLY+=("${line#"$lead"}")
                ;;
        esac
    done < <("$program" complete -- "${words[@]:1}" 2>/dev/null)
}

complete -F _vhart vhart
