-- The operator reports and changes nothing. What serves goes on serving.
obj.spec = obj.spec or {}
obj.spec.paused = true
return obj
