-- Lets the candidate serve, by naming it.
local status = obj.status or {}
local waits = false
for _, c in ipairs(status.conditions or {}) do
  if c.type == "AwaitingApproval" and c.status == "True" then
    waits = true
  end
end
if not waits or status.candidate == nil then
  error("Shop " .. obj.metadata.name .. ": status.candidate names no release that waits for an approval")
end
obj.spec = obj.spec or {}
obj.spec.release = obj.spec.release or {}
obj.spec.release.active = status.candidate.release
-- Argo CD does not tell a script who ran it: its own event of the Application does. With the access policy of config/policy the
-- API server writes who it was, which is argocd-server's account.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["shop.emporium.dev/by"] = nil
obj.metadata.annotations["shop.emporium.dev/because"] = "the action promote of Argo CD"
obj.metadata.annotations["shop.emporium.dev/acted-on"] = obj.spec.release.active
return obj
