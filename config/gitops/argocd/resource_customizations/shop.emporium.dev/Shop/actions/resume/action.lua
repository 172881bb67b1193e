-- The operator goes on where the shop stands.
obj.spec = obj.spec or {}
obj.spec.paused = nil
return obj
