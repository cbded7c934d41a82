"""Starts ministack, with what it cannot make of the template as names without substance.

A stack with them is made, and what hangs on their names can be made after them. What they do is not proven by it.
"""

from ministack import app
from ministack.services.cloudformation import provisioners

# Resource types that ministack does not know.
TYPES = ("AWS::CodeDeploy::Application", "AWS::CodeDeploy::DeploymentGroup", "AWS::Logs::MetricFilter")


def create_name(logical_id, _properties, stack_name):
    return f"{stack_name}-{logical_id}", {}


def delete_name(_physical_id, _properties):
    pass


def create_alarm(logical_id, properties, stack_name):
    # It knows alarms, but not those on several metrics.
    create = create_name if "Metrics" in properties else ministacks_alarm
    return create(logical_id, properties, stack_name)


handlers = provisioners._RESOURCE_HANDLERS
for resource_type in TYPES:
    handlers.setdefault(resource_type, {"create": create_name, "delete": delete_name})
ministacks_alarm = handlers["AWS::CloudWatch::Alarm"]["create"]
handlers["AWS::CloudWatch::Alarm"]["create"] = create_alarm

app.main()
