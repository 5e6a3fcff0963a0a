"""What a function says goes to the log group that it declares, and nowhere else.

The emulator makes the group again when it is gone. Lambda does so only where the function's role may create log
groups, which no role of these stacks may: what a function says while its stack is being deleted is lost, and a group
that came back would stay.
"""

from ministack.services import cloudwatch_logs, lambda_svc


def install():
    """Has the emulator drop what would go to a declared group that is not there."""
    emit = lambda_svc._emit_lambda_logs

    def emit_where_declared(func, *arguments, **options):
        config = func.get("config") or func
        group = (config.get("LoggingConfig") or {}).get("LogGroup")
        if group and group not in cloudwatch_logs._log_groups:
            return
        emit(func, *arguments, **options)

    lambda_svc._emit_lambda_logs = emit_where_declared
