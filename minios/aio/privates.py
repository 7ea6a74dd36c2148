"""The private names of asyncio that the event loop leans on, all of them.

asyncio's loop was made to be built upon within its own package only, so a new Python may change any
of these. Each stands here with what it is for; tests/aio/test_privates.py looks at every one and
says which has gone or takes other arguments. They were read in the sources of READ_IN.
"""

__all__ = ["ATTRIBUTES", "FUNCTIONS", "READ_IN", "VERSIONED"]

READ_IN = ("3.11.7", "3.12.1", "3.13.0", "3.14.10", "3.15.2")

# (module, name, arguments, what for)
FUNCTIONS = [
    ("asyncio.base_events", "BaseEventLoop._run_once", "self",
     "overridden: one round of the kernel"),
    ("asyncio.base_events", "BaseEventLoop._timer_handle_cancelled", "self handle",
     "overridden: the kernel's heap counts what is dead in it"),
    ("asyncio.base_events", "BaseEventLoop._check_closed", "self", "called by what is overridden"),
    ("asyncio.base_events", "BaseEventLoop._check_running", "self", "called by run_forever"),
    ("asyncio.base_events", "BaseEventLoop._check_thread", "self", "called by call_at"),
    ("asyncio.base_events", "BaseEventLoop._check_callback", "self callback method",
     "called by call_at"),
    ("asyncio.base_events", "_format_handle", "handle", "the log of slow callbacks"),
    ("asyncio.selector_events", "BaseSelectorEventLoop._process_events", "self event_list",
     "called with what the poller reports"),
    ("asyncio.events", "Handle._run", "self", "called in debug mode; its body is in run_callbacks"),
    ("asyncio.events", "_set_running_loop", None, "where the kernel drives"),
    ("asyncio.events", "_get_running_loop", None, "where the kernel drives"),
]

# (of which object, names, what for)
ATTRIBUTES = [
    ("loop", "_ready", "the loop's queue, of which the kernel has a batch run in each round"),
    ("loop", "_scheduled", "replaced by a view of the kernel's heap"),
    ("loop", "_selector", "set by the constructor: a view of the kernel's poller"),
    ("loop", "_stopping", "read: a round that does not block"),
    ("loop", "_closed _debug _task_factory", "read where a call would cost too much"),
    ("loop", "_thread_id", "set where the kernel drives"),
    ("loop", "_internal_fds", "read: the loop's own descriptors wait for nobody"),
    ("loop", "_current_handle", "set in debug mode, as asyncio does"),
    ("handle", "_cancelled _context _callback _args _loop _repr _source_traceback",
     "all that the constructor of a Handle sets: call_soon does it itself"),
    ("handle", "_scheduled", "of timers"),
    ("future", "_asyncio_future_blocking _loop _exception",
     "the protocol between a Future and a task"),
    ("task", "_fut_waiter _source_traceback _log_traceback _log_destroy_pending",
     "what tools look at"),
]

# (module, name, from, up to but not: versions of Python, what for)
VERSIONED = [
    ("asyncio.tasks", "_current_tasks", (3, 11), (3, 14), "whose turn it is, by loop"),
    ("asyncio.tasks", "_swap_current_task", (3, 14), None, "the same, kept with the thread"),
    ("asyncio.tasks", "_all_tasks", (3, 11), (3, 12), "the WeakSet behind all_tasks()"),
    ("asyncio.tasks", "_scheduled_tasks", (3, 12), None, "the same"),
    ("asyncio.tasks", "_register_task", (3, 14), None, "the same"),
    ("asyncio.format_helpers", "_format_callback_source", (3, 11), None,
     "the report of a callback that fails"),
]
