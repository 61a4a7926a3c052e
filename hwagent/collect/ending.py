"""The end of a process that asyncio has started."""

import asyncio


async def ended(process: asyncio.subprocess.Process, grace: float) -> None:
    """Waits until a process has ended that was asked to; after ``grace`` seconds it is killed."""
    try:
        async with asyncio.timeout(grace):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
