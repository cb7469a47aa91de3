"""How blocks, forms and marks look in Streamlit, and what the pages keep between reruns.

Only this floor and the pages import Streamlit. What a page says about a run comes from a finding.
"""
