"""What an exported model says of photos, through ONNX Runtime: classify, saliency, recolored.

Nothing here knows torch, Streamlit or a job.
"""
