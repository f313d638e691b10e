"""Agents on a simulated platform. The recommender is `random`, so no ranking model is loaded."""

import os
from pathlib import Path
from tempfile import mkdtemp

import oasis
from camel.models import ModelFactory
from camel.types import ModelPlatformType
from oasis import ActionType, AgentGraph, LLMAction, ManualAction, Platform, SocialAgent, UserInfo
from oasis.social_platform.channel import Channel

from app.settings import Simulation

ACTIONS = [ActionType.CREATE_POST, ActionType.CREATE_COMMENT, ActionType.LIKE_POST, ActionType.DO_NOTHING]


async def simulate(seed: str, settings: Simulation) -> list[dict]:
    model = ModelFactory.create(
        model_platform=ModelPlatformType.OPENAI_COMPATIBLE_MODEL,
        model_type=os.environ["LLM_MODEL"],
        url=os.environ["LLM_BASE_URL"],
        api_key=os.environ["LLM_API_KEY"],
    )
    database = Path(mkdtemp()) / "simulation.db"
    channel = Channel()
    platform = Platform(db_path=str(database), channel=channel, recsys_type="random")
    graph = AgentGraph()
    for number, persona in enumerate(settings.personas):
        user = UserInfo(name=persona.name, description=persona.bio, recsys_type="random")
        graph.add_agent(SocialAgent(number, user, agent_graph=graph, model=model, available_actions=ACTIONS))
    world = oasis.make(agent_graph=graph, platform=platform, database_path=str(database))
    await world.reset()
    first = graph.get_agent(0)
    await world.step({first: ManualAction(ActionType.CREATE_POST, {"content": seed[:2000]})})
    for _ in range(settings.rounds):
        await world.step({agent: LLMAction() for _, agent in graph.get_agents()})
    posts = platform.db_cursor.execute("SELECT user_id, content, num_likes FROM post").fetchall()
    await world.close()
    return [{"user": user, "content": content, "likes": likes} for user, content, likes in posts]
