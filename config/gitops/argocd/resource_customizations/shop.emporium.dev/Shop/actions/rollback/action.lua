-- Goes back to the release that is kept for it, by naming it.
local status = obj.status or {}
if status.previous == nil then
  error("Shop " .. obj.metadata.name .. ": status.previous names no release; set spec.release.active to one of its ShopReleases")
end
obj.spec = obj.spec or {}
obj.spec.release = obj.spec.release or {}
obj.spec.release.active = status.previous.release
-- Argo CD does not tell a script who ran it: its own event of the Application does. With the access policy of config/policy the
-- API server writes who it was, which is argocd-server's account.
obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["shop.emporium.dev/by"] = nil
obj.metadata.annotations["shop.emporium.dev/because"] = "the action rollback of Argo CD"
obj.metadata.annotations["shop.emporium.dev/acted-on"] = obj.spec.release.active
return obj
