# fish completion for vhart. The program itself knows the words: `vhart complete`.

function __vhart_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    for line in ($words[1] complete -- $words[2..-1] "$typed" 2>/dev/null)
        if string match -q -- ':files *' $line
            set -l lead (string replace -- ':files ' '' $line)
            __vhart_paths "$lead" (string sub -s (math (string length -- "$lead") + 1) -- "$typed")
        else if string match -q -- ':folders *' $line
            set -l lead (string replace -- ':folders ' '' $line)
            __vhart_paths "$lead" (string sub -s (math (string length -- "$lead") + 1) -- "$typed") | string match -- '*/'
        else
            printf '%s\n' $line
        end
    end
end

# What is there that begins with PATH, with LEAD in front.
function __vhart_paths -a lead path
    for found in (complete -C "'' $path")
        printf '%s\n' $lead(string split -f1 \t -- $found)
    end
end

complete -c vhart -f -a '(__vhart_complete)'
