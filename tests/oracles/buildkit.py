"""Reads Dockerfiles, each as a JSON string on a line, and writes what BuildKit's parser makes of each, as JSON on a line."""

import json
import sys

import dockerfile


def heredoc(found):
    return {"name": found.name, "content": found.content}


def instruction(command):
    return {
        "keyword": command.cmd.upper(),
        "trigger": (command.sub_cmd or "").upper(),
        "start_line": command.start_line,
        "end_line": command.end_line,
        "flags": command.flags,
        "json": command.json,
        "value": command.value,
        "heredocs": [heredoc(found) for found in command.heredocs],
    }


for line in sys.stdin:
    try:
        answer = {"instructions": [instruction(command) for command in dockerfile.parse_string(json.loads(line))]}
    except dockerfile.GoParseError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer))
