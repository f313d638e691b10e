"""Tools of the server."""

from datetime import UTC, datetime

from mcp.server.fastmcp import FastMCP
from starlette.requests import Request
from starlette.responses import JSONResponse

from src.clients import graph
from src.settings import load

settings = load()
memory = graph(settings)
mcp = FastMCP("memory", host=settings.server.host, port=settings.server.port)


@mcp.tool()
async def remember(name: str, text: str, group: str = "main") -> str:
    """Keeps an episode."""
    await memory.add_episode(
        name=name,
        episode_body=text,
        source_description="conversation",
        reference_time=datetime.now(UTC),
        group_id=group,
    )
    return f"remembered {name}"


@mcp.tool()
async def recall(query: str, group: str = "main", limit: int = 10) -> list[str]:
    """Finds facts."""
    edges = await memory.search(query, group_ids=[group], num_results=limit)
    return [edge.fact for edge in edges]


@mcp.custom_route("/health", methods=["GET"])
async def health(_: Request) -> JSONResponse:
    return JSONResponse({"status": "healthy"})


def run() -> None:
    mcp.run(transport="streamable-http")
